-- moved_in_12m: 1 when the child came into the city, from elsewhere in the country or from abroad.
-- Unit 有無. Window: 異動日 in the 12 months up to the day. Source: 住民異動 (転入, 国外転入). What the former city
-- knew is not here.
create or replace temp macro item_moved_in_12m(as_of) as table
with
children as (
    select resident_id from child
),
moves as (
    select * from known_resident_move
    where
        move_type in ('02', '09')
        and moved_on > months_ago(as_of, 12)
        and moved_on <= as_of::date
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('resident_move', moves.record_key, moves.moved_on) as event_ids,
        max(moves.moved_on) as newest_occurred_on,
        max(moves.recorded_on) as newest_recorded_on
    from moves
    inner join children on moves.person_id = children.resident_id
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
