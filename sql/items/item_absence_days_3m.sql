-- absence_days_3m: days the child was absent lately. Absence is 病欠 + 不登校欠席 + その他欠席.
-- Unit 日; 0 when present throughout. Window: the last three delivered months with school days, none older than
-- four months.
-- Why: recent change, independent of where in the fiscal year as_of lies.
create or replace temp macro item_absence_days_3m(as_of) as table
with
months as (
    select * from attendance_recent(as_of)
),
final as (
    select
        resident_id,
        sum(absence) as value,
        count(*) filter (where absence > 0) as events,
        coalesce(arg_min(event_id, place, 5) filter (where absence > 0), []::varchar[]) as event_ids,
        coalesce(max(month) filter (where absence > 0), max(month)) as newest_occurred_on,
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
