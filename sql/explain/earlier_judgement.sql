-- earlier_judgement: the levels of the given children at the earlier judgement. Parameter: $residents.
with earlier_judgement as (
    select * from earlier_judgement
),

final as (
    select
        resident_id,
        category,
        level,
        points,
        missing,
        age_band
    from earlier_judgement
    where resident_id in (select unnest($residents::varchar[]))
    order by resident_id asc, category asc
)

select * from final
