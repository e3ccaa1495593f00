-- absence_rise: days the child was absent in the last three school months beyond its own pace of the twelve
-- months before.
-- Unit 日, one decimal; 0 when it was not absent more than before. Recent window as in absence_days_3m; own
-- pace is absence per school day over the twelve months before that window, at least three months with school
-- days (else 不明).
-- Rates per school day are compared, so that holidays do not look like recovery; months without school days do
-- not count.
-- Why: change against the child's own past finds children whose numbers are still small.
create or replace temp macro item_absence_rise(as_of) as table
with
recent as (
    select * from attendance_recent(as_of)
),
pace as (
    select resident_id, absence as rate from earlier_pace(as_of)
),
final as (
    select
        recent.resident_id,
        round(greatest(sum(recent.absence) - any_value(pace.rate) * sum(recent.school_days), 0), 1) as value,
        count(*) filter (where recent.absence > 0) as events,
        coalesce(arg_min(recent.event_id, recent.place, 5) filter (where recent.absence > 0), []::varchar[]) as event_ids,
        max(recent.month) as newest_occurred_on,
        max(recent.recorded_on) as newest_recorded_on
    from recent
    inner join pace on recent.resident_id = pace.resident_id
    group by recent.resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
