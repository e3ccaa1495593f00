-- bullied_12m: incidents in which the school recognised the child as the bullied one (被害), any state.
-- Unit 件; window 12 months by 認知日.
-- Why: repeated incidents weigh more than one. A count says as much of the school's diligence as of the child.
create or replace temp macro item_bullied_12m(as_of) as table
with
children as (
    select resident_id from child
),
bullying as (
    select * from known_bullying
),
found as (
    select *
    from bullying
    where
        role = '1'
        and occurred_on > months_ago(as_of, 12) and occurred_on <= as_of::date
),
final as (
    select
        children.resident_id,
        count(*) as value,
        count(*) as events,
        newest_ids('bullying', found.record_key, found.occurred_on) as event_ids,
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
