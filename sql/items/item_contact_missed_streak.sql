-- contact_missed_streak: contacts with child or guardian in vain (不在 or 拒否) one after the other, since somebody was
-- last met or spoken to.
-- Unit 回; 0 once a contact succeeds. Window: 対応日 in the 12 months up to the day; 連絡のみ neither counts nor ends it.
-- Why: contact lost: the family was reached before and is not any more.
create or replace temp macro item_contact_missed_streak(as_of) as table
with
children as (
    select resident_id from child
),
tried as (
    select person_id, record_key, occurred_on, recorded_on, outcome
    from known_contact_log
    where
        counterpart in ('1', '2')
        and outcome in ('1', '2', '3')
        and occurred_on > months_ago(as_of, 12)
        and occurred_on <= as_of::date
        and person_id is not null
),
met as (
    select person_id, max(occurred_on) as last_met_on from tried where outcome = '1' group by person_id
),
found as (
    select tried.*
    from tried
    left join met on tried.person_id = met.person_id
    where tried.outcome <> '1' and (met.last_met_on is null or tried.occurred_on > met.last_met_on)
),
final as (
    select
        children.resident_id,
        count(*) as value,
        count(*) as events,
        newest_ids('contact_log', found.record_key, found.occurred_on) as event_ids,
        max(found.occurred_on) as newest_occurred_on,
        max(found.recorded_on) as newest_recorded_on
    from found
    inner join children on found.person_id = children.resident_id
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
