-- days_missed_in(as_of, days, reason): evidence rows of the days each child missed in its newest school days.
-- Value in days, one decimal (the oldest month counts by its share).
-- reason: 'any' (all absence), 'sick' (病欠), 'nonattendance' (不登校欠席) or 'other' (その他欠席).
-- Every child attendance_window knows has a row; the months it missed something are the evidence.
create or replace temp macro days_missed_in(as_of, days, reason) as table
with
months as (
    select
        *,
        case reason
            when 'any' then absence
            when 'sick' then sick_days
            when 'nonattendance' then nonattendance_days
            when 'other' then other_absent_days
        end as days_missed
    from attendance_window(as_of, days)
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
