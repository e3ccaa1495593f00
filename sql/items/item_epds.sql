-- epds: score of the mother in the postnatal depression scale (EPDS, 0 to 30) at the newest visit that
-- asked it.
-- Unit 点; 9 or more suggests postnatal depression. Window: 訪問日 in the 24 months up to the day. Source:
-- 乳児家庭全戸訪問. No row when it was not asked (不明).
create or replace temp macro item_epds(as_of) as table
with
children as (
    select resident_id from child
),
visits as (
    select children.resident_id, visit.epds, visit.visited_on, visit.record_key, visit.recorded_on
    from known_newborn_visit as visit
    inner join children on visit.person_id = children.resident_id
    where
        visit.epds is not null
        and visit.visited_on > months_ago(as_of, 24)
        and visit.visited_on <= as_of::date
),
newest as (
    select * from visits
    qualify row_number() over (partition by resident_id order by visited_on desc, record_key desc) = 1
),
final as (
    select
        resident_id,
        epds as value,
        1 as events,
        ['newborn_visit:' || record_key] as event_ids,
        visited_on as newest_occurred_on,
        recorded_on as newest_recorded_on
    from newest
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
