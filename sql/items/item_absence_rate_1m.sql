-- absence_rate_1m: share of school days the child was absent in its newest delivered month. Absence is 病欠 +
-- 不登校欠席 + その他欠席.
-- Unit %, one decimal; 0 when present throughout. Window: the newest delivered month with school days, at most
-- four months old.
-- Why: the earliest the monthly delivery can show a change; set beside absence_rate_3m.
create or replace temp macro item_absence_rate_1m(as_of) as table
with
months as (
    select * from attendance_recent(as_of)
    where months_back = 1
),
final as (
    select
        resident_id,
        round(100.0 * sum(absence) / nullif(sum(school_days), 0), 1) as value,
        count(*) filter (where absence > 0) as events,
        coalesce(
            list('attendance:' || record_key order by month desc, record_key) filter (where absence > 0), []::varchar[]
        )[1:5] as event_ids,
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
