-- The child's level in every category.
with

final as (
    select category, points, floor_level, level, rank, missing, suppressed, age_band
    from judgement
    where resident_id = $resident_id
)

select * from final
order by category
