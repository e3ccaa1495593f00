-- event_attendance: 出欠 (08b) as dated facts. One row a month with an absence, a late arrival or an early
-- leave. Absence is 病欠 + 不登校欠席 + その他欠席.
create or replace temp macro event_attendance(as_of) as table
with
source as (
    select *, sick_days + nonattendance_days + other_absent_days as absent_days from known_attendance
    where sick_days + nonattendance_days + other_absent_days + late + early_leave > 0
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.month as occurred_on,
        last_day(r.month) as ended_on,
        r.recorded_on,
        '出欠' as kind,
        case
            when r.absent_days > 0 then '欠席 ' || r.absent_days || '日'
            else '遅刻・早退 ' || (r.late + r.early_leave) || '回'
        end as title,
        concat_ws(
            '、', '授業日 ' || r.school_days || '日', '病欠 ' || nullif(r.sick_days, 0) || '日',
            '不登校 ' || nullif(r.nonattendance_days, 0) || '日', 'その他 ' || nullif(r.other_absent_days, 0) || '日',
            '遅刻 ' || nullif(r.late, 0) || '回', '早退 ' || nullif(r.early_leave, 0) || '回',
            '別室 ' || nullif(r.separate_room_days, 0) || '日', '保健室 ' || nullif(r.nurse_visits, 0) || '回'
        ) as detail,
        case
            when r.absent_days >= 15 then 3 when r.absent_days >= 7 then 2 when r.absent_days >= 3 then 1 else 0
        end as grade,
        false as is_support
    from source as r
)
select * from final;
