-- delinquency_12m: entries of 生徒指導 for delinquency or acts against the law (種別 2).
-- Unit 件; window 12 months by 発生日.
-- Why: shoplifting and the like may mean hunger, money or company; asks for help, not for blame.
create or replace temp macro item_delinquency_12m(as_of) as table
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
        kind = '2'
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
