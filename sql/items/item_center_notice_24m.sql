-- center_notice_24m: notices of abuse (虐待種別 1 to 4) about the child taken by 児童相談所; 0 虐待以外 is not counted.
-- Unit 件; window 24 months by 通告日.
-- Why: the heaviest outside signal; in national figures half of them come from the police.
create or replace temp macro item_center_notice_24m(as_of) as table
with
children as (
    select resident_id from child
),
guidance_center_case as (
    select * from known_guidance_center_case
),
found as (
    select *
    from guidance_center_case
    where
        kind in ('1', '2', '3', '4')
        and occurred_on > months_ago(as_of, 24) and occurred_on <= as_of::date
),
final as (
    select
        children.resident_id,
        count(*) as value,
        count(*) as events,
        newest_ids('guidance_center_case', found.record_key, found.occurred_on) as event_ids,
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
