-- newborn_visit_refused: newborn visits in vain (不在 or 拒否) since the family was last met; 0 once a
-- meeting follows.
-- Unit 回. Window: 訪問日 in the 36 months up to the day. Source: 乳児家庭全戸訪問. No row when no visit is known
-- (不明).
create or replace temp macro item_newborn_visit_refused(as_of) as table
with
children as (
    select resident_id from child
),
visits as (
    select children.resident_id, visit.outcome, visit.visited_on, visit.record_key, visit.recorded_on
    from known_newborn_visit as visit
    inner join children on visit.person_id = children.resident_id
    where visit.visited_on > months_ago(as_of, 36) and visit.visited_on <= as_of::date
),
met as (
    select resident_id, max(visited_on) as last_met_on from visits where outcome = '1' group by resident_id
),
judged as (
    select
        visits.*,
        visits.outcome in ('2', '3') and (met.last_met_on is null or visits.visited_on > met.last_met_on)
            as in_vain
    from visits
    left join met on visits.resident_id = met.resident_id
),
final as (
    select
        resident_id,
        count(*) filter (where in_vain) as value,
        count(*) filter (where in_vain) as events,
        coalesce(
            list('newborn_visit:' || record_key order by visited_on desc, record_key) filter (where in_vain),
            []::varchar[]
        )[1:5] as event_ids,
        max(visited_on) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from judged
    group by resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
