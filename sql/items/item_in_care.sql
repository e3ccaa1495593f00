-- in_care: the child lives in care on as_of (一時保護, 施設入所 or 里親), as child.in_care says.
-- Unit 有無 (1). Window: on the day.
-- Why: such children leave outreach lists and their place is never shown.
create or replace temp macro item_in_care(as_of) as table
with
children as (
    select resident_id from child where in_care
),
guidance_center_case as (
    select * from known_guidance_center_case where occurred_on <= as_of::date
),
placed as (
    select *, coalesce(custody_on, occurred_on) as placed_on
    from guidance_center_case
    where
        measure in ('3', '4')
        or (custody_on <= as_of::date and (custody_ended_on is null or custody_ended_on > as_of::date))
),
final as (
    select
        children.resident_id,
        1 as value,
        count(placed.record_key) as events,
        coalesce(
            list('guidance_center_case:' || placed.record_key order by placed.placed_on desc, placed.record_key)
            filter (where placed.record_key is not null),
            []::varchar[]
        )[1:5] as event_ids,
        max(placed.placed_on) as newest_occurred_on,
        max(placed.recorded_on) as newest_recorded_on
    from children
    left join placed on children.resident_id = placed.person_id
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
