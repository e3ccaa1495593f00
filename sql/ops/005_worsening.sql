-- 重篤化の見張り: who looked at which alarms, and how many children of 変化あり staff want to see a week. Both are only added to.

create table worsening_ack (
    ack_id integer primary key,
    resident_id text not null,
    -- the alarms that were on the screen, as a JSON list of code|day
    marks text not null,
    -- changes with every new concerning event; the acknowledgement ends then
    events_mark text not null,
    tier integer not null check (tier in (1, 2)),
    note text not null,
    user_id text not null,
    department text not null,
    snapshot text not null,
    as_of text not null,
    acknowledged_at text not null
) strict;

create index worsening_ack_child on worsening_ack (resident_id, ack_id);
create index worsening_ack_at on worsening_ack (acknowledged_at, ack_id);

create trigger worsening_ack_no_update before update on worsening_ack
begin
    select raise(abort, 'worsening_ack is append-only');
end;

create trigger worsening_ack_no_delete before delete on worsening_ack
begin
    select raise(abort, 'worsening_ack is append-only');
end;

create table worsening_cap (
    cap_id integer primary key,
    weekly_cap integer not null check (weekly_cap >= 0),
    user_id text not null,
    set_at text not null
) strict;

create trigger worsening_cap_no_update before update on worsening_cap
begin
    select raise(abort, 'worsening_cap is append-only');
end;

create trigger worsening_cap_no_delete before delete on worsening_cap
begin
    select raise(abort, 'worsening_cap is append-only');
end;
