-- parenting_concern: parenting as seen at the newest infant check-up: 1 良好, 2 やや不安, 3 強い不安, 4
-- 不適切な養育の疑い.
-- Unit: level. Window: until school entry, newest 受診日 with 育児状況. Source: 乳幼児健診. No row when it was
-- never noted (不明).
create or replace temp macro item_parenting_concern(as_of) as table
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
    where checkup.attended_on <= as_of::date and checkup.parenting is not null
),
newest as (
    select * from checkups
    qualify row_number() over (partition by resident_id order by attended_on desc, record_key desc) = 1
),
final as (
    select
        resident_id,
        parenting::integer as value,
        1 as events,
        ['infant_checkup:' || record_key] as event_ids,
        attended_on as newest_occurred_on,
        recorded_on as newest_recorded_on
    from newest
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
