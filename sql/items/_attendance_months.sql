-- attendance_months(as_of): monthly attendance of today's children, one row per pupil number and month up to
-- as_of.
-- Absence is 病欠 + 不登校欠席 + その他欠席; 出席停止・忌引等 and 出席扱い are not absence (contract 08b).
-- Column `absence` is NULL in no row; 別室, 保健室 and 出席扱い stay NULL where a school does not deliver them.
create or replace temp macro attendance_months(as_of) as table
with
children as (
    select resident_id from child
),
attendance as (
    select * from known_attendance
),
final as (
    select
        children.resident_id,
        attendance.record_key,
        attendance.month,
        attendance.school_days,
        attendance.sick_days + attendance.nonattendance_days + attendance.other_absent_days as absence,
        attendance.sick_days,
        attendance.nonattendance_days,
        attendance.other_absent_days,
        attendance.late + attendance.early_leave as late_early,
        attendance.separate_room_days,
        attendance.nurse_visits,
        attendance.counted_present_days,
        attendance.recorded_on
    from attendance
    inner join children on attendance.person_id = children.resident_id
    where attendance.month <= as_of::date
)
select * from final;
