-- Who the children with any points, floor or level are, for the names beside a preview.
with judgement as (
    select * from judgement
),

child as (
    select * from child
    where {scope}
),

counted as (
    select * from judgement
    where points > 0 or floor_level > 0 or level > 0
),

final as (
    select
        c.resident_id,
        c.child_ref,
        c.name,
        c.age,
        c.school_grade,
        c.protected
    from child as c
    semi join counted as j on c.resident_id = j.resident_id
    order by c.resident_id asc
)

select * from final
