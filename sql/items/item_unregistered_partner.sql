-- unregistered_partner: 1 when a parent of the child lives with a partner registered as 夫(未届)・妻(未届).
-- Unit 有無. Window: on the day. Source: 住民基本台帳, 続柄 chains. A partner who registered as 同居人 cannot be
-- told from other people.
create or replace temp macro item_unregistered_partner(as_of) as table
with
children as (
    select resident_id from child
),
people as (
    select resident_id, household_id, chain, recorded_on from cohabitant
),
guardians as (
    select * from guardian
),
adults as (
    select guardians.child_id, people.*
    from guardians
    inner join people on guardians.guardian_id = people.resident_id
),
found as (
    select adults.child_id, max(greatest(adults.recorded_on, people.recorded_on)) as recorded_on
    from adults
    inner join people on adults.household_id = people.household_id
    where
        people.resident_id <> adults.resident_id
        and (people.chain = adults.chain || 'U' or adults.chain = people.chain || 'U')
    group by adults.child_id
),
final as (
    select
        children.resident_id,
        1 as value,
        0 as events,
        []::varchar[] as event_ids,
        null::date as newest_occurred_on,
        found.recorded_on as newest_recorded_on
    from children
    inner join found on children.resident_id = found.child_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
