-- 要対協の重症度の上昇: a row of a case (12b) with a higher 重症度 than the row before it; closing rows are left out.
with
newest as (
    select *, min(recorded_on) over (partition by record_key) as first_recorded_on
    from src_council_case
    qualify row_number() over (
        partition by record_key order by recorded_on desc, delivered_on desc, receipt_id desc, row_number desc
    ) = 1
),
link as (
    select * from link_settled('consultation')
),
compared as (
    select
        *,
        lag(severity) over (partition by consultation_id order by started_on, record_key) as earlier_severity
    from newest
),
final as (
    select
        l.resident_id,
        c.started_on as occurred_on,
        c.first_recorded_on as recorded_on
    from compared as c
    inner join link as l on c.consultation_id = l.number
    where c.ended_on is null and c.severity::integer > c.earlier_severity::integer
)
select * from final
