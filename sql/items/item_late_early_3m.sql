-- late_early_3m: times the child came late or left early lately (遅刻 + 早退).
-- Unit 回; 0 when none. Window: the last three delivered months with school days, none older than four months.
-- Why: once or three times a week are the steps of the national screening sheet (文科省 スクリーニング活用ガイド); often the
-- first thing to slip.
create or replace temp macro item_late_early_3m(as_of) as table
with
months as (
    select * from attendance_recent(as_of)
),
final as (
    select
        resident_id,
        sum(late_early) as value,
        count(*) filter (where late_early > 0) as events,
        coalesce(arg_min(event_id, place, 5) filter (where late_early > 0), []::varchar[]) as event_ids,
        coalesce(max(month) filter (where late_early > 0), max(month)) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from months
    group by resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
