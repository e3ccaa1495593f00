-- contact_missed_6m: contacts of こども安心課 with child or guardian that ended in 不在 or 拒否 (結果 2, 3; 相手 1, 2).
-- Unit 回; window 6 months by 対応日.
-- Why: a family nobody can meet is a sign of its own; an absent school or clinic is not.
create or replace temp macro item_contact_missed_6m(as_of) as table
with
children as (
    select resident_id from child
),
contact_log as (
    select * from known_contact_log
),
found as (
    select *
    from contact_log
    where
        outcome in ('2', '3') and counterpart in ('1', '2')
        and occurred_on > months_ago(as_of, 6) and occurred_on <= as_of::date
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
