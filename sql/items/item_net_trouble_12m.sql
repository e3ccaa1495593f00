-- net_trouble_12m: entries of 生徒指導 for trouble on the net or in social media (種別 6).
-- Unit 件; window 12 months by 発生日.
-- Why: bullying and exploitation on the net are seen by few adults.
create or replace temp macro item_net_trouble_12m(as_of) as table
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
        kind = '6'
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
