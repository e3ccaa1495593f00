-- partner_moved_in_12m: somebody who is the partner of a parent, or a grown 同居人, came to live with the child.
-- Unit 人. Window: 転入, 転居 or 国外転入 of that person in the 12 months up to the day, on a day on which the child
-- itself did not move. Source: 住民基本台帳 and 住民異動, 続柄 chains. Never a risk alone.
-- Why: a new adult in the home is a time to keep an eye on; most new families do well.
create or replace temp macro item_partner_moved_in_12m(as_of) as table
with
children as (
    select resident_id, living_group from child
),
moves as (
    select person_id, moved_on, record_key, recorded_on
    from known_resident_move
    where
        move_type in ('02', '03', '09')
        and moved_on > months_ago(as_of, 12)
        and moved_on <= as_of::date
),
partners as (
    select child_id, guardian_id as adult_id from guardian where kind = 'partner'
    union
    select children.resident_id, people.resident_id
    from children
    inner join cohabitant as people on children.living_group = people.living_group
    where people.relation = '同居人' and people.age >= 18
),
joined as (
    select partners.child_id, partners.adult_id, moves.moved_on, moves.record_key, moves.recorded_on
    from partners
    inner join moves on partners.adult_id = moves.person_id
    left join moves as own on partners.child_id = own.person_id and moves.moved_on = own.moved_on
    where own.person_id is null
),
final as (
    select
        children.resident_id,
        count(distinct joined.adult_id) as value,
        count(*) as events,
        newest_ids('resident_move', joined.record_key, joined.moved_on) as event_ids,
        max(joined.moved_on) as newest_occurred_on,
        max(joined.recorded_on) as newest_recorded_on
    from joined
    inner join children on joined.child_id = children.resident_id
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
