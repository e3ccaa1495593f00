-- separate_room_3m: days the child was at school but in another room than its class (別室登校) lately.
-- Unit 日; 0 when delivered as 0; schools that do not deliver the column stay 不明. Window: the last three
-- delivered months with school days, none older than four months.
-- Why: between going and not going to school; may be the way back as well as the way out.
create or replace temp macro item_separate_room_3m(as_of) as table
with
months as (
    select * from attendance_recent(as_of)
),
final as (
    select
        resident_id,
        sum(separate_room_days) as value,
        count(*) filter (where separate_room_days > 0) as events,
        coalesce(arg_min(event_id, place, 5) filter (where separate_room_days > 0), []::varchar[]) as event_ids,
        coalesce(max(month) filter (where separate_room_days > 0), max(month)) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from months
    group by resident_id
    having count(separate_room_days) > 0
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
