-- contact_refused_6m: contacts of こども安心課 that child or guardian refused (結果 3; 相手 1, 2).
-- Unit 回; window 6 months by 対応日.
-- Why: refusing is told apart from being out; another department may be the better door.
create or replace temp macro item_contact_refused_6m(as_of) as table
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
        outcome = '3' and counterpart in ('1', '2')
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
