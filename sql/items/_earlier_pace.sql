-- earlier_pace(as_of): each child's own pace of the twelve months before its window of attendance_recent,
-- per school day: absence, and times late or left early.
-- No row without at least three months with school days there; months without school days do not count.
create or replace temp macro earlier_pace(as_of) as table
with
window_start as (
    select resident_id, min(month) as first_month from attendance_recent(as_of) group by resident_id
),
final as (
    select
        months.resident_id,
        sum(months.absence) / nullif(sum(months.school_days), 0) as absence,
        sum(months.late_early) / nullif(sum(months.school_days), 0) as late_early
    from attendance_months(as_of) as months
    inner join window_start on months.resident_id = window_start.resident_id
    where
        months.school_days > 0
        and months.month > months_ago(date_trunc('month', as_of::date), 18)
        and months.month >= months_ago(window_start.first_month, 12)
        and months.month < window_start.first_month
    group by months.resident_id
    having count(distinct months.month) >= 3
)
select * from final;
