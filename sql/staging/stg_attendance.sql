-- stg_attendance: 出欠 (08b, 児童生徒課) as the city knew it on `as_of`.
-- One row per 児童生徒番号×年月: the version with the newest 登録日 on or before that day.
-- person_id: whoever the row of pupil_roster with the same number belongs to; null while that is not settled.
create or replace temp macro stg_attendance(as_of) as table
with known as (
    select * from append_known('attendance', as_of)
),
links as (
    select number, resident_id from link_settled('pupil_roster')
),
final as (
    select
        k.pupil_id,
        k.month,
        k.school_days,
        k.sick_days,
        k.nonattendance_days,
        k.other_absent_days,
        k.suspended_days,
        k.counted_present_days,
        k.late,
        k.early_leave,
        k.separate_room_days,
        k.nurse_visits,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.pupil_id
)
select * from final;
