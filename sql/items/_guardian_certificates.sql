-- guardian_certificates(as_of, types): evidence rows of the children one of whose guardians holds a 障害者手帳
-- of the types on the day (交付日 reached, 返還日 not); value 1.
-- types: list of 手帳種別 ('1' 身体障害者手帳, '2' 療育手帳, '3' 精神障害者保健福祉手帳).
create or replace temp macro guardian_certificates(as_of, types) as table
with
children as (
    select resident_id from child
),
guardians as (
    select child_id, guardian_id from guardian
),
valid as (
    select children.resident_id, held.record_key, held.issued_on, held.recorded_on
    from known_disability_certificate as held
    inner join guardians on held.person_id = guardians.guardian_id
    inner join children on guardians.child_id = children.resident_id
    where
        held.certificate_type in types
        and held.issued_on <= as_of::date
        and (held.returned_on is null or held.returned_on > as_of::date)
),
final as (
    select
        resident_id,
        1 as value,
        count(distinct record_key) as events,
        newest_ids('disability_certificate', record_key, issued_on) as event_ids,
        max(issued_on) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from valid
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
