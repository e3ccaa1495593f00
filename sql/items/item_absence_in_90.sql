-- absence_in_90: days the child was absent (病欠 + 不登校欠席 + その他欠席),
-- in the last 90 school days.
-- Unit 日, one decimal (the oldest month counts by its share); 0 when none. Window: the newest 90 school days
-- delivered, over the turn of the 年度; see attendance_window.
-- Why: how much school a child misses, whatever it is called.
create or replace temp macro item_absence_in_90(as_of) as table
with
months as (
    select *, absence as days_missed from attendance_window(as_of, 90)
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
