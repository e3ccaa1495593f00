-- absence_after_holiday: days absent in the first month after a long holiday (April, September, January)
-- beyond the child's own pace before it.
-- Unit 日, one decimal; 0 when not more than before. Window: the newest such month, at most four months old;
-- own pace is absence per school day over the three school months before it (none: 不明).
-- Why: many children who stop going stop after a long holiday; the first month shows it before the year's
-- total does.
create or replace temp macro item_absence_after_holiday(as_of) as table
with
months as (
    select *
    from attendance_months(as_of)
    where school_days > 0 and month >= (date_trunc('month', as_of::date) - to_months(9))::date
),
first_month as (
    select resident_id, max(month) as month
    from months
    where month(month) in (1, 4, 9) and month >= (date_trunc('month', as_of::date) - to_months(4))::date
    group by resident_id
),
before_holiday as (
    select
        months.resident_id,
        months.absence,
        months.school_days,
        dense_rank() over (partition by months.resident_id order by months.month desc) as months_back
    from months
    inner join first_month on months.resident_id = first_month.resident_id and months.month < first_month.month
),
pace as (
    select resident_id, sum(absence) / nullif(sum(school_days), 0) as rate
    from before_holiday
    where months_back <= 3
    group by resident_id
),
final as (
    select
        months.resident_id,
        round(greatest(sum(months.absence) - any_value(pace.rate) * sum(months.school_days), 0), 1) as value,
        count(*) filter (where months.absence > 0) as events,
        coalesce(
            list('attendance:' || months.record_key order by months.record_key) filter (where months.absence > 0),
            []::varchar[]
        )[1:5] as event_ids,
        max(months.month) as newest_occurred_on,
        max(months.recorded_on) as newest_recorded_on
    from months
    inner join first_month on months.resident_id = first_month.resident_id and months.month = first_month.month
    inner join pace on months.resident_id = pace.resident_id
    group by months.resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
