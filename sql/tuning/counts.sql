-- How many children stand at each level from 1 up of each category, now and with the draft.
with draft as (
    {draft}
),

combined as (
    select
        category,
        old_level,
        new_level,
        count(*) as children
    from draft
    group by category, old_level, new_level
),

side as (
    select
        category,
        old_level as level,
        children as now,
        0 as draft
    from combined
    union all
    select
        category,
        new_level as level,
        0 as now,
        children as draft
    from combined
),

final as (
    select
        category,
        level,
        sum(now)::integer as now,
        sum(draft)::integer as draft
    from side
    where level >= 1
    group by category, level
    order by category asc, level asc
)

select * from final
