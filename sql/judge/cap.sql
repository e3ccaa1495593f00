-- What a cap takes away: one row per child and group whose rules together give more than the cap.
with hit as (
    select * from rule_hit
),

member as (
    select * from rule_group_member
),

summed as (
    select
        h.resident_id,
        m.category,
        m.code,
        m.cap,
        sum(h.points) as points
    from hit as h
    inner join member as m on h.rule = m.rule
    group by h.resident_id, m.category, m.code, m.cap
),

final as (
    select
        resident_id,
        category,
        code,
        (cap - points)::decimal(9, 2) as points
    from summed
    where points > cap
)

select * from final
