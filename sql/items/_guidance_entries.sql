-- guidance_entries(as_of, kinds): evidence rows of the entries of 生徒指導 of the kinds in the 12 months up to
-- the day, by 発生日; value is their number.
-- kinds: list of 種別 (see the contract of 生徒指導).
create or replace temp macro guidance_entries(as_of, kinds) as table
with
children as (
    select resident_id from child
),
found as (
    select *
    from known_guidance
    where
        kind in kinds
        and occurred_on > months_ago(as_of, 12) and occurred_on <= as_of::date
),
final as (
    select
        children.resident_id,
        count(*) as value,
        count(*) as events,
        newest_ids('guidance', found.record_key, found.occurred_on) as event_ids,
        max(found.occurred_on) as newest_occurred_on,
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
