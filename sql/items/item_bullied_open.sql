-- bullied_open: incidents with the child as the bullied one that are not resolved (取組中, 見守り) on as_of.
-- Unit 件. Window: on the day, however old the incident; the state is the one known on as_of.
-- Why: what still goes on weighs more than what was settled.
create or replace temp macro item_bullied_open(as_of) as table
with
children as (
    select resident_id from child
),
bullying as (
    select * from known_bullying
),
open_incident as (
    select *
    from bullying
    where
        role = '1'
        and status in ('1', '2')
        and occurred_on <= as_of::date
        and (resolved_on is null or resolved_on > as_of::date)
),
final as (
    select
        children.resident_id,
        count(*) as value,
        count(*) as events,
        newest_ids('bullying', open_incident.record_key, open_incident.occurred_on) as event_ids,
        max(open_incident.occurred_on) as newest_occurred_on,
        max(open_incident.recorded_on) as newest_recorded_on
    from open_incident
    inner join children on open_incident.person_id = children.resident_id
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
