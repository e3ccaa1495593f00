-- day_support_ended_12m: the child stopped using 障害児通所支援 and has no decision that runs on the day.
-- Unit 有無 (1). Window 12 months by 終了日; a decision for the following year, however late it is recorded, clears it.
-- Ends in March of the last school year are left out with the child itself.
-- Why: support that ended; being better and being lost look alike here, so other facts must tell.
create or replace temp macro item_day_support_ended_12m(as_of) as table
with
children as (
    select resident_id from child
),
day_support as (
    select * from known_day_support where started_on <= as_of::date and person_id is not null
),
still_there as (
    select distinct person_id from day_support where ended_on is null or ended_on > as_of::date
),
found as (
    select day_support.*
    from day_support
    left join still_there on day_support.person_id = still_there.person_id
    where
        still_there.person_id is null
        and day_support.ended_on > months_ago(as_of, 12)
        and day_support.ended_on <= as_of::date
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('day_support', found.record_key, found.ended_on) as event_ids,
        max(found.ended_on) as newest_occurred_on,
        max(found.recorded_on) as newest_recorded_on
    from found
    inner join children on found.person_id = children.resident_id
    group by children.resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
