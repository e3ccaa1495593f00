-- temporary_custody_24m: the child was taken into temporary custody (一時保護), or is in it on as_of.
-- Unit 有無 (1). Window 24 months by 一時保護日; custody that still lasts counts however long ago it began.
-- Why: the city judged that home was not safe.
create or replace temp macro item_temporary_custody_24m(as_of) as table
with
children as (
    select resident_id from child
),
guidance_center_case as (
    select * from known_guidance_center_case where custody_on <= as_of::date
),
found as (
    select *
    from guidance_center_case
    where
        custody_on > months_ago(as_of, 24)
        or custody_ended_on is null
        or custody_ended_on > as_of::date
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('guidance_center_case', found.record_key, found.custody_on) as event_ids,
        max(found.custody_on) as newest_occurred_on,
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
