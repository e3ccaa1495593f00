-- council_closed_24m: a council case of the child was closed and none is open on as_of.
-- Unit 有無 (1). Window 24 months by 終結日.
-- Why: closed is not without risk; past cases score 1 in the screening sheet.
create or replace temp macro item_council_closed_24m(as_of) as table
with
children as (
    select resident_id from child
),
council as (
    select * from council_now(as_of) where person_id is not null
),
still_open as (
    select distinct person_id from council where is_open
),
found as (
    select council.*
    from council
    left join still_open on council.person_id = still_open.person_id
    where
        still_open.person_id is null
        and council.ended_on > months_ago(as_of, 24)
        and council.ended_on <= as_of::date
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('council_case', found.record_key, found.ended_on) as event_ids,
        max(found.ended_on) as newest_occurred_on,
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
