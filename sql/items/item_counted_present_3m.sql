-- counted_present_3m: days counted as present outside school lately (教育支援センター, free schools, ICT).
-- Unit 日; 0 when delivered as 0; schools that do not deliver the column stay 不明. Window: the last three
-- delivered months with school days, none older than four months.
-- Why: protective; the child is learning and seen somewhere. These days are no absence.
create or replace temp macro item_counted_present_3m(as_of) as table
with
months as (
    select * from attendance_recent(as_of)
),
final as (
    select
        resident_id,
        sum(counted_present_days) as value,
        count(*) filter (where counted_present_days > 0) as events,
        coalesce(arg_min(event_id, place, 5) filter (where counted_present_days > 0), []::varchar[]) as event_ids,
        coalesce(max(month) filter (where counted_present_days > 0), max(month)) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from months
    group by resident_id
    having count(counted_present_days) > 0
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
