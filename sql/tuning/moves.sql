-- Who would change level in a category with the draft: first those who rise most, in the order of checking.
with draft as (
    {draft}
),

child as (
    select * from child
),

moved as (
    select * from draft
    where old_level <> new_level
),

final as (
    select
        m.resident_id,
        c.child_ref,
        m.category,
        m.old_level,
        m.new_level,
        m.points,
        m.known_case,
        m.suppressed
    from moved as m
    inner join child as c on m.resident_id = c.resident_id
    where ($category::varchar is null or m.category = $category)
    order by
        (m.new_level - m.old_level) desc,
        m.points desc,
        m.rank asc nulls last,
        m.resident_id asc,
        m.category asc
    limit $most
)

select * from final
