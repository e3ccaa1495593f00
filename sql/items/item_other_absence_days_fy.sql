-- other_absence_days_fy: days of その他欠席 in the fiscal year so far.
-- Unit 日; 0 when months were delivered without. Window: whole months from April of the fiscal year of as_of.
-- In April and May the number is small by nature; the 3-month and 12-month items bridge the turn of the year.
-- Why: caring for family, guardians who keep a child at home and families nobody reaches are booked here.
create or replace temp macro item_other_absence_days_fy(as_of) as table
with
months as (
    select * from attendance_months(as_of)
    where month >= fiscal_year_start(as_of)
),
final as (
    select
        resident_id,
        sum(other_absent_days) as value,
        count(*) filter (where other_absent_days > 0) as events,
        coalesce(
            list('attendance:' || record_key order by month desc, record_key) filter (where other_absent_days > 0), []::varchar[]
        )[1:5] as event_ids,
        coalesce(max(month) filter (where other_absent_days > 0), max(month)) as newest_occurred_on,
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
