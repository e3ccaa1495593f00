-- sick_in_30: days the child was absent ill (病欠),
-- in the last 30 school days.
-- Unit 日, one decimal (the oldest month counts by its share); 0 when none. Window: the newest 30 school days
-- delivered, over the turn of the 年度; see attendance_window.
-- Why: many days called illness may hide 不登校 or missing care; one long illness is no worry of this kind.
create or replace temp macro item_sick_in_30(as_of) as table
with
months as (
    select *, sick_days as days_missed from attendance_window(as_of, 30)
),
final as (
    select
        resident_id,
        round(sum(days_missed * share), 1) as value,
        count(*) filter (where days_missed > 0) as events,
        coalesce(arg_min(event_id, place, 5) filter (where days_missed > 0), []::varchar[]) as event_ids,
        coalesce(max(month) filter (where days_missed > 0), max(month)) as newest_occurred_on,
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
