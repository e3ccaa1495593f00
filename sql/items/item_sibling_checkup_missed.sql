-- sibling_checkup_missed: due infant check-ups that sisters and brothers of the child have not attended.
-- Unit 回; window: on the day, as in checkup_missed.
-- Why: the home is the same; explicit and capped.
create or replace temp macro item_sibling_checkup_missed(as_of) as table
with
children as (
    select resident_id from child
),
siblings as (
    select distinct child_id, sibling_id from sibling where child_id <> sibling_id
),
missed as (
    select resident_id, record_key, due_month, recorded_on from due_checkups(as_of) where attended_on is null
),
final as (
    select
        children.resident_id,
        count(*) as value,
        count(*) as events,
        newest_ids('infant_checkup', missed.record_key, missed.due_month) as event_ids,
        max(missed.due_month) as newest_occurred_on,
        max(missed.recorded_on) as newest_recorded_on
    from missed
    inner join siblings on missed.resident_id = siblings.sibling_id
    inner join children on siblings.child_id = children.resident_id
    group by children.resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
