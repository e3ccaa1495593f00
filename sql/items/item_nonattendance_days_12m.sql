-- nonattendance_days_12m: days of 不登校欠席 in the last 12 months.
-- Unit 日; 0 when months were delivered without. Window: the twelve whole months up to as_of and the month
-- as_of lies in as far as delivered; does not restart in April.
-- Why: a child who was out of school until March has not come back because it is April.
create or replace temp macro item_nonattendance_days_12m(as_of) as table
with
months as (
    select * from attendance_months(as_of)
    where month >= months_ago(date_trunc('month', as_of::date + 1), 12)
),
final as (
    select
        resident_id,
        sum(nonattendance_days) as value,
        count(*) filter (where nonattendance_days > 0) as events,
        coalesce(
            list('attendance:' || record_key order by month desc, record_key) filter (where nonattendance_days > 0), []::varchar[]
        )[1:5] as event_ids,
        coalesce(max(month) filter (where nonattendance_days > 0), max(month)) as newest_occurred_on,
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
