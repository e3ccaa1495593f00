-- support_room_ended_12m: the child stopped going to the 教育支援センター and does not go there on as_of.
-- Unit 有無 (1). Window 12 months by 通室終了日. Ends in March are left out: the year ends for everybody.
-- Why: support that stopped early; going back to class and being lost look alike here, so attendance must
-- tell.
create or replace temp macro item_support_room_ended_12m(as_of) as table
with
children as (
    select resident_id from child
),
support_room as (
    select * from known_support_room where started_on <= as_of::date and person_id is not null
),
still_there as (
    select distinct person_id from support_room where ended_on is null or ended_on > as_of::date
),
found as (
    select support_room.*
    from support_room
    left join still_there on support_room.person_id = still_there.person_id
    where
        still_there.person_id is null
        and support_room.ended_on > months_ago(as_of, 12)
        and support_room.ended_on <= as_of::date
        and month(support_room.ended_on) <> 3
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('support_room', found.record_key, found.ended_on) as event_ids,
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
