-- earlier_judgement: the child's levels at the earlier judgement. Parameter: $resident_id.
with earlier_judgement as (
    select * from earlier_judgement
),

final as (
    select
        category,
        level,
        points,
        missing,
        age_band
    from earlier_judgement
    where resident_id = $resident_id
    order by category asc
)

select * from final
