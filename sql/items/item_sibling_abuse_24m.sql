-- sibling_abuse_24m: consultations about abuse (11 to 14) and notices of abuse to 児童相談所 (1 to 4) about the
-- child's sisters and brothers.
-- Unit 件; window 24 months by 受付日 or 通告日.
-- Why: violence and neglect in a home reach every child in it; explicit, named and capped.
create or replace temp macro item_sibling_abuse_24m(as_of) as table
with
children as (
    select resident_id from child
),
siblings as (
    select distinct child_id, sibling_id from sibling where child_id <> sibling_id
),
notices as (
    select person_id, 'consultation' as extract, record_key, occurred_on, recorded_on
    from known_consultation
    where kind in ('11', '12', '13', '14')
    union all
    select person_id, 'guidance_center_case' as extract, record_key, occurred_on, recorded_on
    from known_guidance_center_case
    where kind in ('1', '2', '3', '4')
),
final as (
    select
        children.resident_id,
        count(*) as value,
        count(*) as events,
        newest_ids(notices.extract, notices.record_key, notices.occurred_on) as event_ids,
        max(notices.occurred_on) as newest_occurred_on,
        max(notices.recorded_on) as newest_recorded_on
    from notices
    inner join siblings on notices.person_id = siblings.sibling_id
    inner join children on siblings.child_id = children.resident_id
    where notices.occurred_on > months_ago(as_of, 24) and notices.occurred_on <= as_of::date
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
