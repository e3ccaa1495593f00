-- late_early_rise: times the child came late or left early in the last three school months beyond its own pace of
-- the twelve months before.
-- Unit 回, one decimal; 0 when not more than before. Windows and own pace as in absence_rise (at least three months
-- with school days before, else 不明).
-- Why: mornings that begin to slip are often seen before absence is.
create or replace temp macro item_late_early_rise(as_of) as table
with
recent as (
    select * from attendance_recent(as_of)
),
pace as (
    select resident_id, late_early as rate from earlier_pace(as_of)
),
final as (
    select
        recent.resident_id,
        round(greatest(sum(recent.late_early) - any_value(pace.rate) * sum(recent.school_days), 0), 1) as value,
        count(*) filter (where recent.late_early > 0) as events,
        coalesce(arg_min(recent.event_id, recent.place, 5) filter (where recent.late_early > 0), []::varchar[]) as event_ids,
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
