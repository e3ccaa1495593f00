-- consultation_self_12m: consultations the child brought itself (経路 10 本人).
-- Unit 件; window 12 months by 受付日.
-- Why: a child's own words always go to a person.
create or replace temp macro item_consultation_self_12m(as_of) as table
with
children as (
    select resident_id from child
),
consultation as (
    select * from known_consultation
),
found as (
    select *
    from consultation
    where
        route = '10'
        and occurred_on > months_ago(as_of, 12) and occurred_on <= as_of::date
),
final as (
    select
        children.resident_id,
        count(*) as value,
        count(*) as events,
        newest_ids('consultation', found.record_key, found.occurred_on) as event_ids,
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
