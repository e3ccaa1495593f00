-- split_household: 1 when two or more households live behind the door of the child (世帯分離).
-- Unit 有無. Window: on the day. Source: 住民基本台帳, same address and 方書 with different 世帯番号.
create or replace temp macro item_split_household(as_of) as table
with
children as (
    select resident_id, living_group from child
),
doors as (
    select
        living_group,
        count(distinct household_id) as households,
        max(recorded_on) as recorded_on
    from cohabitant
    group by living_group
),
final as (
    select
        children.resident_id,
        1 as value,
        0 as events,
        []::varchar[] as event_ids,
        null::date as newest_occurred_on,
        doors.recorded_on as newest_recorded_on
    from children
    inner join doors on children.living_group = doors.living_group and doors.households > 1
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
