-- council_severity_up_12m: times the severity of the child's council case rose.
-- Unit 回; window 12 months by the 登載日 of the higher row; compared with the row before it of the same 受付番号.
-- Closing rows are left out.
-- Why: a case that gets worse is looked at again at once.
create or replace temp macro item_council_severity_up_12m(as_of) as table
with
children as (
    select resident_id from child
),
council_case as (
    select * from known_council_case where started_on <= as_of::date
),
compared as (
    select
        *,
        lag(severity) over (partition by consultation_id order by started_on, record_key) as earlier_severity
    from council_case
),
found as (
    select *
    from compared
    where
        ended_on is null
        and severity::integer > earlier_severity::integer
        and started_on > months_ago(as_of, 12)
),
final as (
    select
        children.resident_id,
        count(*) as value,
        count(*) as events,
        newest_ids('council_case', found.record_key, found.started_on) as event_ids,
        max(found.started_on) as newest_occurred_on,
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
