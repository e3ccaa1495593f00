-- Who the moved children are, and the first reason of each in the category that moved.
with child as (
    select * from child
),

reason as (
    select * from reason
),

moved as (
    select
        unnest($residents::varchar[]) as resident_id,
        unnest($categories::varchar[]) as category
),

first_reason as (
    select
        r.resident_id,
        r.category,
        arg_min(r.text, r.ord) as reason
    from reason as r
    semi join moved as m on r.resident_id = m.resident_id and r.category = m.category
    group by r.resident_id, r.category
),

final as (
    select
        m.resident_id,
        m.category,
        c.child_ref,
        c.name,
        c.age,
        c.school_grade,
        c.protected,
        f.reason
    from moved as m
    inner join child as c on m.resident_id = c.resident_id
    left join first_reason as f on m.resident_id = f.resident_id and m.category = f.category
    order by m.resident_id asc, m.category asc
)

select * from final
