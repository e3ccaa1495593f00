-- bullied_violent_12m: incidents as the bullied one with hard blows, extorted money or taken and broken things
-- (態様 4, 5, 6).
-- Unit 件; window 12 months by 認知日.
-- Why: kinds that may be crimes (暴行・恐喝・窃盗) are seen apart from teasing.
create or replace temp macro item_bullied_violent_12m(as_of) as table
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
        role = '1' and kind in ('4', '5', '6')
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
