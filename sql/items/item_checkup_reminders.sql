-- checkup_reminders: reminders sent because of infant check-ups not attended in time.
-- Unit 回. Window: until school entry, all check-ups. Source: 乳幼児健診, 勧奨回数 (empty counts as none).
create or replace temp macro item_checkup_reminders(as_of) as table
with
children as (
    select resident_id, resident_since from child where coalesce(school_grade < 1, age <= 5)
),
checkups as (
    select
        children.resident_id, checkup.checkup, checkup.due_month, checkup.attended_on, checkup.result,
        checkup.caries, checkup.parenting, checkup.reminders, checkup.record_key, checkup.recorded_on
    from known_infant_checkup as checkup
    inner join children on checkup.person_id = children.resident_id
    where coalesce(checkup.reminders, 0) > 0
),
final as (
    select
        resident_id,
        sum(reminders) as value,
        count(*) as events,
        newest_ids('infant_checkup', record_key, due_month) as event_ids,
        max(due_month) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from checkups
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
