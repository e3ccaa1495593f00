-- absence_streak: months in a row, up to the newest delivered one, in which the child was absent on half of
-- the school days or more.
-- Unit か月; 0 when the newest month was better. Newest month at most four months old; at most 18 months are
-- looked at; months without school days neither count nor break the row.
-- Why: how long the child has been gone says more than how many days; monthly figures cannot show rows of
-- single days.
create or replace temp macro item_absence_streak(as_of) as table
with
months as (
    select
        resident_id,
        month,
        sum(absence) as absence,
        sum(school_days) as school_days,
        min(record_key) as record_key,
        max(recorded_on) as recorded_on
    from attendance_months(as_of)
    where school_days > 0 and month > months_ago(date_trunc('month', as_of::date), 18)
    group by resident_id, month
),
standing as (
    select
        resident_id,
        max(month) as newest_month,
        max(month) filter (where absence * 2 < school_days) as last_better_month,
        max(recorded_on) as recorded_on
    from months
    group by resident_id
),
streak as (
    select
        months.resident_id,
        count(*) as months,
        list('attendance:' || months.record_key order by months.month desc, months.record_key)[1:5] as event_ids
    from months
    inner join standing on months.resident_id = standing.resident_id
    where standing.last_better_month is null or months.month > standing.last_better_month
    group by months.resident_id
),
final as (
    select
        standing.resident_id,
        coalesce(streak.months, 0) as value,
        coalesce(streak.months, 0) as events,
        coalesce(streak.event_ids, []::varchar[]) as event_ids,
        standing.newest_month as newest_occurred_on,
        standing.recorded_on as newest_recorded_on
    from standing
    left join streak on standing.resident_id = streak.resident_id
    where standing.newest_month >= (date_trunc('month', as_of::date) - to_months(4))::date
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
