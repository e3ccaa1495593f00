-- The first fact that made a child a known case: a consultation (12a) or a case of the guidance centre (13a).
with
center as (
    select l.resident_id, c.occurred_on, c.recorded_on
    from src_guidance_center_case as c
    inner join link_settled('guidance_center_case') as l on c.record_key = l.number
),
consultation as (
    select l.resident_id, c.occurred_on, c.recorded_on
    from src_consultation as c
    inner join link_settled('consultation') as l on c.record_key = l.number
),
either as (
    select * from center
    union all
    select * from consultation
),
final as (
    select
        resident_id,
        min(occurred_on) as occurred_on,
        min(recorded_on) as recorded_on
    from either
    group by resident_id
)
select * from final order by resident_id
