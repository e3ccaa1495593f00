-- 欠席30日: the month in which 病欠, 不登校 and その他 of one fiscal year together reached 30 days (08b).
-- It happened on the last day of that month; the city knew when that month was first recorded.
with
newest as (
    select *, min(recorded_on) over (partition by record_key) as first_recorded_on
    from src_attendance
    qualify row_number() over (
        partition by record_key order by recorded_on desc, delivered_on desc, receipt_id desc, row_number desc
    ) = 1
),
link as (
    select * from link_settled('pupil_roster')
),
summed as (
    select
        l.resident_id,
        n.month,
        n.first_recorded_on,
        fiscal_year(n.month) as year,
        sum(coalesce(n.sick_days, 0) + coalesce(n.nonattendance_days, 0) + coalesce(n.other_absent_days, 0)) over (
            partition by l.resident_id, fiscal_year(n.month) order by n.month, n.record_key
        ) as days
    from newest as n
    inner join link as l on n.pupil_id = l.number
),
final as (
    select
        resident_id,
        last_day(min(month)) as occurred_on,
        arg_min(first_recorded_on, month) as recorded_on
    from summed
    where days >= 30
    group by resident_id, year
)
select * from final
