-- attendance_month: monthly attendance of today's children, one row per pupil number and month up to as_of; laid out
-- once a day, because a good third of the items read it.
-- Absence is 病欠 + 不登校欠席 + その他欠席; 出席停止・忌引等 and 出席扱い are not absence (contract 08b).
-- Column `absence` is NULL in no row; 別室, 保健室 and 出席扱い stay NULL where a school does not deliver them.
-- Months with school days of the last two years know their place: months_back (1 the child's newest month), place
-- (1 the newest row, unique per child), days_after (school days of all newer rows); else these are NULL.
create or replace temp macro attendance_month_derived(as_of) as table
with children as (
    select resident_id from child
),
attendance as (
    select
        c.resident_id,
        a.record_key,
        'attendance:' || a.record_key as event_id,
        a.month,
        a.school_days,
        a.sick_days + a.nonattendance_days + a.other_absent_days as absence,
        a.sick_days,
        a.nonattendance_days,
        a.other_absent_days,
        a.late + a.early_leave as late_early,
        a.separate_room_days,
        a.nurse_visits,
        a.counted_present_days,
        a.recorded_on,
        a.school_days > 0
            and a.month >= (date_trunc('month', as_of::date) - to_months(24))::date as is_counted
    from known_attendance as a
    join children as c on c.resident_id = a.person_id
    where a.month <= as_of::date
),
placed as (
    select
        *,
        dense_rank() over (partition by resident_id order by month desc) as months_back,
        row_number() over newest_first as place,
        coalesce(sum(school_days) over (newest_first rows between unbounded preceding and 1 preceding), 0)
            as days_after
    from attendance
    where is_counted
    window newest_first as (partition by resident_id order by month desc, record_key)
),
final as (
    select * exclude (is_counted) from placed
    union all
    select * exclude (is_counted), null, null, null from attendance where not coalesce(is_counted, false)
)
select * from final;
