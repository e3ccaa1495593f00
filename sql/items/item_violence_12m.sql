-- violence_12m: entries of 生徒指導 for violence or broken property (種別 1, 5).
-- Unit 件; window 12 months by 発生日.
-- Why: violent behaviour may mirror what a child lives through at home.
create or replace temp macro item_violence_12m(as_of) as table
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
        kind in ('1', '5')
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
