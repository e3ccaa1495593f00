-- renotified_after_close: new consultations about abuse or notices to 児童相談所 after the child's council case was
-- closed.
-- Unit 件; window 12 months by 受付日 or 通告日, later than the newest 終結日, no case open.
-- Why: the picture that was thought settled has changed.
create or replace temp macro item_renotified_after_close(as_of) as table
with
children as (
    select resident_id from child
),
council as (
    select * from council_now(as_of) where person_id is not null
),
closed as (
    select person_id, max(ended_on) as closed_on
    from council
    group by person_id
    having not bool_or(is_open)
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
    inner join closed on notices.person_id = closed.person_id and notices.occurred_on > closed.closed_on
    inner join children on notices.person_id = children.resident_id
    where notices.occurred_on > months_ago(as_of, 12) and notices.occurred_on <= as_of::date
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
