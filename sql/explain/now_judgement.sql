-- now_judgement: the levels of the given children. Parameter: $residents.
with judgement as (
    select * from judgement
),

final as (
    select
        resident_id,
        category,
        level,
        points,
        missing,
        age_band
    from judgement
    where resident_id in (select unnest($residents::varchar[]))
    order by resident_id asc, category asc
)

select * from final
