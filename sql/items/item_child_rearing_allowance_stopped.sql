-- child_rearing_allowance_stopped: 1 when 児童扶養手当 of the child is 全部停止 (certified, nothing paid).
-- Unit 有無. Window: on the day (認定日 reached, 資格喪失日 not), newest 認定日. Source: 児童扶養手当, 支給区分 3.
-- Why: stopped by income above the limit or by a missing 現況届: the two mean opposite things, so it counts only
-- together with another fact.
create or replace temp macro item_child_rearing_allowance_stopped(as_of) as table
with
children as (
    select resident_id from child
),
running as (
    select children.resident_id, paid.payment, paid.record_key, paid.started_on, paid.recorded_on
    from known_child_rearing_allowance as paid
    inner join children on paid.person_id = children.resident_id
    where paid.started_on <= as_of::date and (paid.ended_on is null or paid.ended_on > as_of::date)
),
newest as (
    select * from running
    qualify row_number() over (partition by resident_id order by started_on desc, record_key desc) = 1
),
found as (
    select * from newest where payment = '3'
),
final as (
    select
        resident_id,
        1 as value,
        count(distinct record_key) as events,
        newest_ids('child_rearing_allowance', record_key, started_on) as event_ids,
        max(started_on) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from found
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
