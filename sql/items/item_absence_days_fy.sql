-- absence_days_fy: days the child was absent in the fiscal year so far. Absence is 病欠 + 不登校欠席 + その他欠席.
-- Unit 日; 0 when months were delivered without absence; no delivered month means 不明. Window: whole months from
-- April of the fiscal year of as_of. In April and May the number is small by nature; the 3-month and 12-month
-- items bridge the turn of the year.
-- Why: 30 days a year is 長期欠席 in the national survey; 7, 30 and 90 days are the steps of the national
-- screening sheet (文科省 スクリーニング活用ガイド).
create or replace temp macro item_absence_days_fy(as_of) as table
with
months as (
    select * from attendance_months(as_of)
    where month >= fiscal_year_start(as_of)
),
final as (
    select
        resident_id,
        sum(absence) as value,
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
