-- Children by their highest level over all categories, from 1 up, now and with the draft.
with draft as (
    {draft}
),

highest as (
    select
        resident_id,
        max(old_level) as old_level,
        max(new_level) as new_level
    from draft
    group by resident_id
),

combined as (
    select
        old_level,
        new_level,
        count(*) as children
    from highest
    group by old_level, new_level
),

side as (
    select
        old_level as level,
        children as now,
        0 as draft
    from combined
    union all
    select
        new_level as level,
        0 as now,
        children as draft
    from combined
),

final as (
    select
        level,
        sum(now)::integer as now,
        sum(draft)::integer as draft
    from side
    where level >= 1
    group by level
    order by level asc
)

select * from final
