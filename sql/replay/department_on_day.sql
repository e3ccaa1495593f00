-- What one department alone could say that day: the rules that read its records and nobody else's.
-- A hard trigger counts before points. `rule_department` holds rule, category, department and level.
with
reason as (
    select * from reason
),
rule as (
    select * from rule_department
),
final as (
    select
        $as_of::date as as_of,
        r.resident_id,
        r.category,
        'department:' || d.department as method,
        (coalesce(max(d.level), 0) * 1000 + sum(r.points))::double as score
    from reason as r
    inner join rule as d on r.category = d.category and r.code = d.rule
    group by r.resident_id, r.category, d.department
)
select * from final where score > 0 order by category, method, resident_id
