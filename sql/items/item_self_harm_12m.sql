-- self_harm_12m: entries of 生徒指導 for self-harm or the wish to die (種別 4).
-- Unit 件; window 12 months by 発生日.
-- Why: a child's own sign, which always goes to a person.
create or replace temp macro item_self_harm_12m(as_of) as table
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
        kind = '4'
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
