-- children_in_household: children behind the same door, the child itself included.
-- Unit 人. Window: on the day. Source: 住民基本台帳 (世帯番号, or the same address and 方書), ages until 18歳年度末.
create or replace temp macro item_children_in_household(as_of) as table
with
children as (
    select resident_id, living_group from child
),
counted as (
    select living_group, count(*) as value from children group by living_group
),
recorded as (
    select living_group, max(recorded_on) as recorded_on from cohabitant where is_child group by living_group
),
final as (
    select
        children.resident_id,
        counted.value,
        0 as events,
        []::varchar[] as event_ids,
        null::date as newest_occurred_on,
        recorded.recorded_on as newest_recorded_on
    from children
    inner join counted on children.living_group = counted.living_group
    left join recorded on children.living_group = recorded.living_group
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
