-- sibling_in_care: sisters and brothers of the child who live in care on as_of, while the child itself does
-- not.
-- Unit 人; window: on the day, by child.in_care of the sibling.
-- Why: one child was taken out of the home and this one stayed; explicit and capped.
create or replace temp macro item_sibling_in_care(as_of) as table
with
children as (
    select resident_id from child where not in_care
),
siblings as (
    select distinct child_id, sibling_id from sibling where child_id <> sibling_id
),
away as (
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
        count(distinct away.resident_id) as value,
        count(placed.record_key) as events,
        coalesce(
            list('guidance_center_case:' || placed.record_key order by placed.placed_on desc, placed.record_key)
            filter (where placed.record_key is not null),
            []::varchar[]
        )[1:5] as event_ids,
        max(placed.placed_on) as newest_occurred_on,
        max(placed.recorded_on) as newest_recorded_on
    from away
    inner join siblings on away.resident_id = siblings.sibling_id
    inner join children on siblings.child_id = children.resident_id
    left join placed on away.resident_id = placed.person_id
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
