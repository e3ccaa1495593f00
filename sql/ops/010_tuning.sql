-- アラートレベル調整: drafts of the rule set with every step taken, and the opinions people leave on it.

create table ruleset_draft (
    draft_id text primary key,
    based_on text not null,
    toml text not null,
    hash text not null,
    author text not null,
    reason text not null default '',
    active_from text,
    -- the example children of the rules, where the draft changes them (JSON)
    examples text not null default '[]',
    -- what the approver is shown: figures as JSON, as they were when the draft was handed in
    preview text,
    status text not null check (status in ('open', 'submitted', 'approved', 'dropped')),
    created_at text not null,
    updated_at text not null,
    updated_by text not null,
    version integer not null default 1
) strict;

create trigger ruleset_draft_no_delete before delete on ruleset_draft
begin
    select raise(abort, 'a draft is dropped, not deleted');
end;

create trigger ruleset_draft_ended before update on ruleset_draft
when old.status in ('approved', 'dropped')
begin
    select raise(abort, 'an ended draft never changes');
end;

create table ruleset_draft_step (
    step_id integer primary key,
    draft_id text not null references ruleset_draft (draft_id),
    step text not null check (step in ('start', 'save', 'submit', 'withdraw', 'return', 'approve', 'drop', 'rebase')),
    user_id text not null,
    hash text not null,
    note text not null default '',
    version_id text,
    taken_at text not null
) strict;

create index ruleset_draft_step_of on ruleset_draft_step (draft_id, step_id);

create trigger ruleset_draft_step_no_update before update on ruleset_draft_step
begin
    select raise(abort, 'ruleset_draft_step is append-only');
end;

create trigger ruleset_draft_step_no_delete before delete on ruleset_draft_step
begin
    select raise(abort, 'ruleset_draft_step is append-only');
end;

create table opinion (
    opinion_id integer primary key,
    kind text not null check (kind in ('item', 'threshold', 'rule', 'new_item')),
    -- what it speaks of: an item code, category|age band, a rule code, or nothing for a new item
    about text not null,
    proposed text not null default '',
    author text not null,
    department text not null,
    status text not null default 'received' check (status in ('received', 'studied', 'adopted', 'declined')),
    created_at text not null,
    updated_at text not null,
    version integer not null default 1
) strict;

create index opinion_about on opinion (about, opinion_id);

create trigger opinion_content_stays
before update of opinion_id, kind, about, proposed, author, department, created_at on opinion
begin
    select raise(abort, 'what an opinion says never changes');
end;

create trigger opinion_no_delete before delete on opinion
begin
    select raise(abort, 'opinions are kept');
end;

create table opinion_entry (
    entry_id integer primary key,
    opinion_id integer not null references opinion (opinion_id),
    user_id text not null,
    department text not null,
    text text not null,
    -- the status this entry set, where it set one
    status text check (status in ('received', 'studied', 'adopted', 'declined')),
    written_at text not null
) strict;

create index opinion_entry_of on opinion_entry (opinion_id, entry_id);

create trigger opinion_entry_no_update before update on opinion_entry
begin
    select raise(abort, 'opinion_entry is append-only');
end;

create trigger opinion_entry_no_delete before delete on opinion_entry
begin
    select raise(abort, 'opinion_entry is append-only');
end;
