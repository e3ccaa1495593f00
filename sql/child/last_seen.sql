-- last_seen: the newest day on which a department saw the child itself, one row per resident, with the department.
-- Counted: 対応記録 met the child face to face, 乳児家庭全戸訪問 met, 健診 attended, a school month with a day of
-- presence, 学校健診, 教育相談 in person, 通室 and 通所 with days of use, 一時保護. A month counts as its last day,
-- never later than the day it was recorded. A phone call, or meeting only the guardian, is not seeing the child.
create or replace temp macro last_seen_on_day(as_of) as table
with sightings as (
    select person_id, occurred_on as seen_on, 'child_safety' as department
    from known_contact_log
    where outcome = '1' and counterpart = '1' and method in ('1', '2', '4')
    union all
    select person_id, visited_on, 'maternal' from known_newborn_visit where outcome = '1'
    union all
    select person_id, attended_on, 'maternal' from known_infant_checkup where attended_on is not null
    union all
    select person_id, max(least(last_day(month), recorded_on)), 'pupil'
    from known_attendance
    where school_days - sick_days - nonattendance_days - other_absent_days
        - coalesce(suspended_days, 0) - coalesce(counted_present_days, 0) > 0
    group by person_id
    union all
    select person_id, examined_on, 'school_affairs' from known_school_health
    union all
    select person_id, occurred_on, 'education_center' from known_education_counseling where method in ('1', '3')
    union all
    select person_id, greatest(started_on, least(recorded_on, coalesce(ended_on, recorded_on))), 'education_center'
    from known_support_room
    where days_per_month > 0
    union all
    select person_id, greatest(started_on, least(recorded_on, coalesce(ended_on, recorded_on))), 'disability'
    from known_day_support
    where days_per_month > 0
    union all
    select person_id, custody_on, 'child_guidance' from known_guidance_center_case where custody_on is not null
),
counted as (
    select * from sightings where person_id is not null and seen_on <= as_of
),
newest as (
    select person_id, max(seen_on) as last_seen_on from counted group by person_id
),
final as (
    select n.person_id as resident_id, n.last_seen_on, min(c.department) as last_seen_by
    from newest as n
    join counted as c on c.person_id = n.person_id and c.seen_on = n.last_seen_on
    group by n.person_id, n.last_seen_on
    order by n.person_id
)
select * from final;
