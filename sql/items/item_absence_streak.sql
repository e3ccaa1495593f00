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
marked as (
    select
        *,
        max(month) over (partition by resident_id) as newest_month,
        max(month) filter (where absence * 2 < school_days) over (partition by resident_id) as last_better_month
    from months
),
final as (
    select
        resident_id,
        count(*) filter (where last_better_month is null or month > last_better_month) as value,
        count(*) filter (where last_better_month is null or month > last_better_month) as events,
        coalesce(
            list('attendance:' || record_key order by month desc, record_key)
            filter (where last_better_month is null or month > last_better_month),
            []::varchar[]
        )[1:5] as event_ids,
        max(month) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from marked
    where newest_month >= (date_trunc('month', as_of::date) - to_months(4))::date
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
