-- days_since_contact: days since somebody of こども安心課 last met or spoke with child or guardian (結果 1), while a
-- council case is open.
-- Unit 日. Window: all contacts known on as_of; a case in which nobody was met yet counts from its first 登載日.
-- Children without an open case have no row.
-- Why: 要保護 families who slip out of sight; a phone call to a school is no contact with the family.
create or replace temp macro item_days_since_contact(as_of) as table
with
children as (
    select resident_id from child
),
open_case as (
    select
        council.person_id,
        min(registered.started_on) as started_on,
        newest_ids('council_case', council.record_key, council.started_on)[1:1] as event_ids,
        max(council.recorded_on) as recorded_on
    from council_now(as_of) as council
    inner join known_council_case as registered on council.consultation_id = registered.consultation_id
    where council.is_open
    group by council.person_id
),
met as (
    select
        person_id,
        max(occurred_on) as occurred_on,
        max(recorded_on) as recorded_on,
        newest_ids('contact_log', record_key, occurred_on)[1:1] as event_ids
    from known_contact_log
    where outcome = '1' and counterpart in ('1', '2') and occurred_on <= as_of::date
    group by person_id
),
final as (
    select
        children.resident_id,
        as_of::date - coalesce(met.occurred_on, open_case.started_on) as value,
        1 as events,
        coalesce(met.event_ids, open_case.event_ids) as event_ids,
        coalesce(met.occurred_on, open_case.started_on) as newest_occurred_on,
        coalesce(met.recorded_on, open_case.recorded_on) as newest_recorded_on
    from open_case
    inner join children on open_case.person_id = children.resident_id
    left join met on open_case.person_id = met.person_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
