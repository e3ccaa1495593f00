-- Levels, points and missing inputs of the given children, one row per child and category.
with

judgements as (
    select * from judgement where resident_id in (select unnest($residents::varchar[]))
),

final as (
    select
        resident_id,
        category,
        level,
        points,
        rank,
        missing,
        suppressed
    from judgements
)

select * from final
order by resident_id, category
