-- bullied_open_months: full months since 認知日 of the child's oldest unresolved incident as the bullied one.
-- Unit か月. Window: on the day.
-- Why: three months without new acts is the rule for 解消 (国のいじめ防止基本方針); longer means the school's work has not
-- ended it.
create or replace temp macro item_bullied_open_months(as_of) as table
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
        max(date_sub('month', open_incident.occurred_on, as_of::date)) as value,
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
