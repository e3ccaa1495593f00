-- other_absence_in_90: days of absence under その他 (family's convenience, care of a relative, no contact),
-- in the last 90 school days.
-- Unit 日, one decimal (the oldest month counts by its share); 0 when none. Window: the newest 90 school days
-- delivered, over the turn of the 年度; see attendance_window.
-- Why: care for the family, a guardian who keeps the child home and "no contact" are filed here.
create or replace temp macro item_other_absence_in_90(as_of) as table
with
months as (
    select *, other_absent_days as days_missed from attendance_window(as_of, 90)
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
