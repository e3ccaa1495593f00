-- parent_moved_out_12m: a parent of the child left the home.
-- Unit 人. Window: 転居, 転出 or 職権消除 of the parent in the 12 months up to the day, after which it no longer lives behind
-- the child's door, on a day on which the child itself did not move. Source: 住民基本台帳, 住民異動; who is a parent comes from
-- 妊娠届, 児童手当 and 児童扶養手当 (earlier rows included), because the register tells only who lives together now.
-- A death is no such departure. Without those papers a parent who left cannot be seen: no row means not found.
-- Why: a separation is hard on everybody, and care now rests on one person; never a verdict on a family.
create or replace temp macro item_parent_moved_out_12m(as_of) as table
with
children as (
    select resident_id, living_group from child
),
parents as (
    select child_id, mother_id as parent_id from known_pregnancy where child_id is not null
    union
    select resident_id, guardian_id from known_child_allowance
    union
    select resident_id, guardian_id from known_child_rearing_allowance
),
departures as (
    select person_id, moved_on, record_key, recorded_on
    from known_resident_move
    where
        move_type in ('03', '04', '08')
        and moved_on > months_ago(as_of, 12)
        and moved_on <= as_of::date
),
gone as (
    select
        children.resident_id, parents.parent_id, departures.moved_on, departures.record_key, departures.recorded_on
    from parents
    inner join children on parents.child_id = children.resident_id
    inner join departures on parents.parent_id = departures.person_id
    left join cohabitant as still
        on parents.parent_id = still.resident_id and children.living_group = still.living_group
    left join departures as own on children.resident_id = own.person_id and departures.moved_on = own.moved_on
    where still.resident_id is null and own.person_id is null
),
final as (
    select
        resident_id,
        count(distinct parent_id) as value,
        count(distinct record_key) as events,
        newest_ids('resident_move', record_key, moved_on) as event_ids,
        max(moved_on) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from gone
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
