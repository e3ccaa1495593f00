-- checkup_visit: an infant check-up was missed while living here, and nobody has seen the child since. Closed by a later
-- attendance or by anybody who saw the child (child.last_seen_on).
create or replace temp macro missed_gap_checkup_visit(as_of, grace) as table
with
children as (
    select resident_id, resident_since, last_seen_on from child
    where coalesce(school_grade < 1, age <= 5) and not in_care
),
due as (
    select
        children.resident_id, children.last_seen_on, checkup.checkup, checkup.due_month, checkup.attended_on,
        checkup.reminders, checkup.recorded_on, (last_day(checkup.due_month) + grace)::date as since_on
    from known_infant_checkup as checkup
    inner join children on checkup.person_id = children.resident_id
    where
        last_day(checkup.due_month) + grace <= as_of::date
        and children.resident_since <= last_day(checkup.due_month)
),
newest as (
    select * from due
    where attended_on is null or attended_on >= since_on
    qualify row_number() over (partition by resident_id order by due_month desc, checkup desc) = 1
),
final as (
    select
        resident_id as subject_id,
        since_on,
        recorded_on as known_on,
        attended_on is not null or coalesce(last_seen_on > last_day(due_month), false) as has,
        coalesce(attended_on, case when last_seen_on > last_day(due_month) then last_seen_on end) as had_on,
        null::varchar as why,
        due_month::varchar as mark,
        ['4か月児健診', '1歳6か月児健診', '3歳6か月児健診'][checkup::integer] || '（対象 ' || strftime(due_month, '%Y-%m')
        || '）が未受診、勧奨 ' || coalesce(reminders::varchar || '回', '不明') as detail
    from newest
)
select * from final order by subject_id;
