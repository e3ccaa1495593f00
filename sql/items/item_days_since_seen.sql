-- days_since_seen: days since any department last saw the child (最終目視確認日).
-- Unit 日. Window: child.last_seen_on, the newest of visits, check-ups, school months with presence,
-- counselling and the like; never seen in any record is 不明.
-- Why: orders the list and stands beside the reasons; not seeing a child is a fact about the city, not about
-- the family.
create or replace temp macro item_days_since_seen(as_of) as table
with
children as (
    select resident_id, last_seen_on from child where last_seen_on is not null and last_seen_on <= as_of::date
),
final as (
    select
        resident_id,
        as_of::date - last_seen_on as value,
        0 as events,
        []::varchar[] as event_ids,
        last_seen_on as newest_occurred_on,
        last_seen_on as newest_recorded_on
    from children
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
