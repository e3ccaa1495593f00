-- 虐待の通告・相談: a report of abuse to the guidance centre (13a, kinds 1 to 4) or to the city (12a, kinds 11 to 14).
-- recorded_on: the day the city first knew the record, whichever version came later.
with
center as (
    select * from src_guidance_center_case where kind in ('1', '2', '3', '4')
),
consultation as (
    select * from src_consultation where kind in ('11', '12', '13', '14')
),
center_link as (
    select * from link_settled('guidance_center_case')
),
consultation_link as (
    select * from link_settled('consultation')
),
either as (
    select l.resident_id, 'center' as source, c.record_key, c.occurred_on, c.recorded_on
    from center as c
    inner join center_link as l on c.record_key = l.number
    union all
    select l.resident_id, 'city' as source, c.record_key, c.occurred_on, c.recorded_on
    from consultation as c
    inner join consultation_link as l on c.record_key = l.number
),
final as (
    select
        resident_id,
        arg_max(occurred_on, recorded_on) as occurred_on,
        min(recorded_on) as recorded_on
    from either
    group by resident_id, source, record_key
)
select * from final
