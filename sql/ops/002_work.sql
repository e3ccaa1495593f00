-- What staff do about children: reviews, matching decisions, rule set versions, saved filters, notices.

create table review (
    review_id integer primary key,
    resident_id text not null,
    -- 1 for a child's first review, 2 for the next; unique, so two people cannot both write number 2
    version integer not null,
    outcome text not null,
    reason_code text not null,
    note text not null,
    user_id text not null,
    role text not null,
    department text not null,
    opened_at text not null,
    reviewed_at text not null,
    reviewed_on text not null,
    minutes real not null,
    as_of text,
    flagged_on text,
    snapshot text,
    ruleset text,
    level integer not null,
    known_case integer check (known_case in (0, 1)),
    demo integer not null default 0 check (demo in (0, 1)),
    unique (resident_id, version)
) strict;

create index review_on on review (reviewed_on, review_id);

create table review_level (
    review_id integer not null references review (review_id),
    category text not null,
    level integer not null,
    primary key (review_id, category)
) strict;

create trigger review_no_update before update on review
begin
    select raise(abort, 'review is append-only');
end;

create trigger review_no_delete before delete on review
begin
    select raise(abort, 'review is append-only');
end;

create trigger review_level_no_update before update on review_level
begin
    select raise(abort, 'review_level is append-only');
end;

create trigger review_level_no_delete before delete on review_level
begin
    select raise(abort, 'review_level is append-only');
end;

create table link_decision (
    decision_id integer primary key,
    extract text not null,
    record_key text not null,
    resident_id text,
    decision text not null check (decision in ('confirmed', 'rejected', 'undone')),
    decided_by text not null,
    decided_at text not null,
    reason text not null,
    second_by text,
    minutes real
) strict;

create index link_decision_record on link_decision (extract, record_key, decision_id);

create trigger link_decision_no_update before update on link_decision
begin
    select raise(abort, 'link_decision is append-only');
end;

create trigger link_decision_no_delete before delete on link_decision
begin
    select raise(abort, 'link_decision is append-only');
end;

create table ruleset_version (
    version_id text primary key,
    parent_id text,
    title text not null,
    toml text not null,
    hash text not null,
    author text not null,
    reason text not null,
    created_at text not null,
    active_from text,
    status text not null default 'draft' check (status in ('draft', 'active', 'retired')),
    approved_by text,
    approved_at text,
    version integer not null default 1
) strict;

create trigger ruleset_version_content_stays
before update of version_id, parent_id, title, toml, hash, author, reason, created_at on ruleset_version
begin
    select raise(abort, 'the content of a rule set version never changes');
end;

create trigger ruleset_version_no_delete before delete on ruleset_version
begin
    select raise(abort, 'ruleset_version is append-only');
end;

create table saved_filter (
    filter_id integer primary key,
    user_id text not null,
    page text not null,
    name text not null,
    body text not null,
    updated_at text not null,
    version integer not null default 1,
    unique (user_id, page, name)
) strict;

create table notice (
    notice_id integer primary key,
    title text not null,
    body text not null,
    -- a role, or '*' for everybody
    audience text not null default '*',
    shown_from text not null,
    shown_to text,
    author text not null,
    created_at text not null
) strict;

create table notice_read (
    notice_id integer not null references notice (notice_id),
    user_id text not null,
    read_at text not null,
    primary key (notice_id, user_id)
) strict;
