-- 妊婦 and 支援漏れ: what staff concluded about a pregnancy, and how far the offer of a support has come. Both are only added
-- to; the newest version of an entry is its state.

create table pregnancy_review (
    review_id integer primary key,
    -- the entry of the list: 'pregnancy:' or 'council_case:' and the record's key
    entry_id text not null,
    -- 1 for an entry's first review; unique, so two people cannot both write number 2
    version integer not null,
    outcome text not null,
    reason_code text not null,
    note text not null,
    -- the reasons that were on the screen, as a JSON list of codes
    reasons text not null,
    level integer not null,
    user_id text not null,
    role text not null,
    department text not null,
    snapshot text not null,
    as_of text not null,
    reviewed_at text not null,
    unique (entry_id, version)
) strict;

create trigger pregnancy_review_no_update before update on pregnancy_review
begin
    select raise(abort, 'pregnancy_review is append-only');
end;

create trigger pregnancy_review_no_delete before delete on pregnancy_review
begin
    select raise(abort, 'pregnancy_review is append-only');
end;

create table missed_status (
    status_id integer primary key,
    gap text not null,
    -- resident id of the child, or entry_id of a pregnancy
    subject_id text not null,
    version integer not null,
    status text not null,
    reason_code text not null,
    note text not null,
    -- the facts the entry rested on; a status holds only while they are the same
    mark text not null,
    since_on text not null,
    user_id text not null,
    role text not null,
    department text not null,
    snapshot text not null,
    as_of text not null,
    set_at text not null,
    unique (gap, subject_id, version)
) strict;

create index missed_status_at on missed_status (set_at, status_id);

create trigger missed_status_no_update before update on missed_status
begin
    select raise(abort, 'missed_status is append-only');
end;

create trigger missed_status_no_delete before delete on missed_status
begin
    select raise(abort, 'missed_status is append-only');
end;
