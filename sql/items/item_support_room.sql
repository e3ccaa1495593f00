-- support_room: the child goes to the 教育支援センター on as_of.
-- Unit 有無 (1). Window: on the day.
-- Why: protective; support is there, and adults see the child.
create or replace temp macro item_support_room(as_of) as table
with
children as (
    select resident_id from child
),
support_room as (
    select * from known_support_room where started_on <= as_of::date
),
found as (
    select *
    from support_room
    where ended_on is null or ended_on > as_of::date
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('support_room', found.record_key, found.started_on) as event_ids,
        max(found.started_on) as newest_occurred_on,
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
