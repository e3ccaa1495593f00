-- guidance_12m: entries of 生徒指導 of any kind except 自傷・希死念慮, which is an item of its own.
-- Unit 件; window 12 months by 発生日.
-- Why: degree and frequency of trouble at school; self-harm is a cry for help, not misconduct.
create or replace temp macro item_guidance_12m(as_of) as table
with
children as (
    select resident_id from child
),
guidance as (
    select * from known_guidance
),
found as (
    select *
    from guidance
    where
        kind <> '4'
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
