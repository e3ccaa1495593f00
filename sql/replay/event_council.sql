-- 要対協への登載: the first 登載日 of a case (12b), 要保護 or 要支援.
with
council_case as (
    select * from src_council_case where ended_on is null and kind in ('1', '2')
),
link as (
    select * from link_settled('consultation')
),
final as (
    select
        l.resident_id,
        min(c.started_on) as occurred_on,
        arg_min(c.recorded_on, c.started_on) as recorded_on
    from council_case as c
    inner join link as l on c.consultation_id = l.number
    group by l.resident_id, c.consultation_id
)
select * from final
