-- on_roster: residents who are pupils of the city's schools on `as_of`, one row per resident.
-- By 児童生徒名簿 as known that day. A replay of the time before the first register delivery has no roster of its
-- day: there a place in the first roster, or attendance in the six months before, says so. That tells only whose
-- school records the city keeps, never what is in them.
create or replace temp macro on_roster(as_of) as table
with is_replay as (
    select as_of < (select min(delivered_on) from delivery where extract = 'resident_register') as yes
),
known as (
    select person_id from known_pupil_roster where status = '1'
),
first_roster as (
    select l.resident_id as person_id
    from src_pupil_roster as r
    inner join link_settled('pupil_roster') as l on l.number = r.record_key
    where r.status = '1' and r.delivered_on <= as_of_cutoff('pupil_roster', as_of)
),
attending as (
    select person_id from known_attendance where month > as_of - interval 6 month
),
final as (
    select person_id from known
    union
    select person_id from first_roster where (select yes from is_replay)
    union
    select person_id from attending where (select yes from is_replay)
)
select person_id as resident_id from final where person_id is not null;
