-- young_parent: 1 when a parent living with the child was 19 or younger at its birth, 0 when all
-- parents found were older.
-- Unit 有無. Window: none (a fact of birth). Source: 住民基本台帳. A 不詳 birth date counts only where every
-- possible date gives the same answer; otherwise, and without a parent by 続柄, there is no row (不明).
create or replace temp macro item_young_parent(as_of) as table
with
children as (
    select resident_id from child
),
people as (
    select resident_id, born_from, born_to, recorded_on from cohabitant
),
parents as (
    select child_id, guardian_id from guardian where kind in ('mother', 'father', 'parent')
),
ages as (
    select
        parents.child_id,
        parent.recorded_on,
        completed_years(parent.born_from, young.born_to) as at_most,
        completed_years(parent.born_to, young.born_from) as at_least
    from parents
    inner join people as young on parents.child_id = young.resident_id
    inner join people as parent on parents.guardian_id = parent.resident_id
),
found as (
    select
        child_id,
        max(case when at_most < 20 then 1 when at_least >= 20 then 0 end) as value,
        count(*) filter (where at_most < 20 or at_least >= 20) = count(*) as is_settled,
        max(recorded_on) as recorded_on
    from ages
    group by child_id
),
final as (
    select
        children.resident_id,
        found.value,
        0 as events,
        []::varchar[] as event_ids,
        null::date as newest_occurred_on,
        found.recorded_on as newest_recorded_on
    from children
    inner join found on children.resident_id = found.child_id
    where found.value = 1 or (found.value = 0 and found.is_settled)
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
