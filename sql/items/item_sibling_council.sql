-- sibling_council: sisters and brothers of the child with an open council case (要保護 or 要支援).
-- Unit 人; window: on the day, as in council_open. 特定妊婦 cases are left out.
-- Why: cases are kept child by child, but the home is the same; explicit and capped.
create or replace temp macro item_sibling_council(as_of) as table
with
children as (
    select resident_id from child
),
siblings as (
    select distinct child_id, sibling_id from sibling where child_id <> sibling_id
),
council as (
    select * from council_now(as_of) where is_open and kind in ('1', '2')
),
final as (
    select
        children.resident_id,
        count(distinct council.person_id) as value,
        count(*) as events,
        newest_ids('council_case', council.record_key, council.started_on) as event_ids,
        max(council.started_on) as newest_occurred_on,
        max(council.recorded_on) as newest_recorded_on
    from council
    inner join siblings on council.person_id = siblings.sibling_id
    inner join children on siblings.child_id = children.resident_id
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
