-- three_generation: 1 when a grandparent lives behind the same door as the child. Context, no risk in
-- itself.
-- Unit 有無. Window: on the day. Source: 住民基本台帳, 続柄 chains; in another household at the same address by
-- a generation of age (household_member.sql).
create or replace temp macro item_three_generation(as_of) as table
with
children as (
    select resident_id, living_group from child
),
grandparents as (
    select people.living_group, max(people.recorded_on) as recorded_on
    from household_member as members
    inner join cohabitant as people on members.resident_id = people.resident_id
    where members.role = '祖父母'
    group by people.living_group
),
final as (
    select
        children.resident_id,
        1 as value,
        0 as events,
        []::varchar[] as event_ids,
        null::date as newest_occurred_on,
        grandparents.recorded_on as newest_recorded_on
    from children
    inner join grandparents on children.living_group = grandparents.living_group
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
