-- The judgement of one child, category by category.
with judgement as (
    select * from judgement
),

final as (
    select
        category,
        points,
        floor_level,
        level,
        rank,
        missing,
        suppressed,
        age_band
    from judgement
    where resident_id = $resident_id
    order by category asc
)

select * from final
