-- custody_returned_12m: the child came home from temporary custody and is not in care on as_of.
-- Unit 有無 (1). Window 12 months by 一時保護解除日.
-- Why: the months after the return are the ones to stay close.
create or replace temp macro item_custody_returned_12m(as_of) as table
with
children as (
    select resident_id from child where not in_care
),
guidance_center_case as (
    select * from known_guidance_center_case
),
found as (
    select *
    from guidance_center_case
    where custody_ended_on > months_ago(as_of, 12) and custody_ended_on <= as_of::date
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('guidance_center_case', found.record_key, found.custody_ended_on) as event_ids,
        max(found.custody_ended_on) as newest_occurred_on,
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
