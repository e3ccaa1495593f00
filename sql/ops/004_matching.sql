-- What people answered on 名寄せ確認, one row an answer, with the time it took and what the matcher had said.
-- An answer on a record that needs two people waits as 'proposed' until a second person agrees.

create table link_opinion (
    opinion_id integer primary key,
    extract text not null,
    record_key text not null,
    -- the resident the record was held against; null for "nobody of these" and for 後で
    resident_id text,
    answer text not null check (answer in ('same', 'different', 'nobody', 'later', 'undone')),
    state text not null check (state in ('final', 'proposed', 'agreed', 'disputed', 'later', 'undone')),
    -- where it was asked: queue, sample (抜き取り), unlinked, repair
    origin text not null,
    given_by text not null,
    department text not null,
    given_at text not null,
    minutes real,
    reason text not null,
    decision_id integer references link_decision (decision_id),
    machine_status text not null,
    machine_resident text,
    machine_probability real,
    model text not null,
    snapshot text not null
) strict;

create index link_opinion_record on link_opinion (extract, record_key, opinion_id);
create index link_opinion_at on link_opinion (given_at, opinion_id);

create trigger link_opinion_no_update before update on link_opinion
begin
    select raise(abort, 'link_opinion is append-only');
end;

create trigger link_opinion_no_delete before delete on link_opinion
begin
    select raise(abort, 'link_opinion is append-only');
end;
