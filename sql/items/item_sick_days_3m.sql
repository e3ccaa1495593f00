-- sick_days_3m: days of 病欠 lately.
-- Unit 日; 0 when none. Window: the last three delivered months with school days, none older than four months.
-- Why: many days of illness without a known illness can be 不登校 under another name, or a child nobody takes to
-- the doctor.
create or replace temp macro item_sick_days_3m(as_of) as table
with
months as (
    select * from attendance_recent(as_of)
),
final as (
    select
        resident_id,
        sum(sick_days) as value,
        count(*) filter (where sick_days > 0) as events,
        coalesce(
            list('attendance:' || record_key order by month desc, record_key) filter (where sick_days > 0), []::varchar[]
        )[1:5] as event_ids,
        coalesce(max(month) filter (where sick_days > 0), max(month)) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from months
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
