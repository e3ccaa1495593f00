-- The first reason of every child and category that has one.
with reason as (
    select * from reason
),

child as (
    select * from child
    where {scope}
),

final as (
    select
        r.resident_id,
        r.category,
        arg_min(r.text, r.ord) as reason
    from reason as r
    semi join child as c on r.resident_id = c.resident_id
    group by r.resident_id, r.category
    order by r.resident_id asc, r.category asc
)

select * from final
