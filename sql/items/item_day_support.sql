-- day_support: 1 when the child uses 障害児通所支援. Protective: somebody sees the child regularly.
-- Unit 有無. Window: on the day (決定日 reached, 終了日 not). Source: 障害児通所支援.
create or replace temp macro item_day_support(as_of) as table
with
children as (
    select resident_id from child
),
running as (
    select children.resident_id, used.record_key, used.started_on, used.recorded_on
    from known_day_support as used
    inner join children on used.person_id = children.resident_id
    where used.started_on <= as_of::date and (used.ended_on is null or used.ended_on > as_of::date)
),
final as (
    select
        resident_id,
        1 as value,
        count(distinct record_key) as events,
        newest_ids('day_support', record_key, started_on) as event_ids,
        max(started_on) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from running
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
