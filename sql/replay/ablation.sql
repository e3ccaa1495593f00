-- What linking each department adds: children with an event within 6 months among the first k of the list, with
-- everything and without that department's items, on the sampled days (population 'new').
with
known as (
    select * from known_before
),
target as (
    select * from target where months = 6 and population = 'new'
),
day as (
    select distinct as_of from without_score
),
entry as (
    select s.as_of, '' as department, s.category, s.resident_id, s.level, s.points
    from score as s
    semi join day as d on s.as_of = d.as_of
    union all
    select as_of, department, category, resident_id, level, points from without_score
),
ordered as (
    select
        e.as_of,
        e.department,
        e.category,
        e.resident_id,
        row_number() over (
            partition by e.as_of, e.department, e.category
            order by e.level desc, e.points desc, md5(e.resident_id || e.as_of::varchar)
        ) as place
    from entry as e
    anti join known as k on e.as_of = k.as_of and e.category = k.category and e.resident_id = k.resident_id
),
hit as (
    select o.department, o.category, o.place
    from ordered as o
    inner join target as t on o.as_of = t.as_of and o.category = t.category and o.resident_id = t.resident_id
),
counted as (
    select p.department, c.category, s.k, count(h.place) as found
    from (select distinct department from entry) as p
    cross join outcome_category as c
    cross join step as s
    left join hit as h on h.department = p.department and h.category = c.category and h.place <= s.k
    group by p.department, c.category, s.k
),
final as (
    select
        w.category,
        w.department,
        w.k,
        a.found as found_all,
        w.found as found_without,
        a.found - w.found as lost
    from counted as w
    inner join counted as a on w.category = a.category and w.k = a.k and a.department = ''
    where w.department <> ''
)
select * from final order by category, k, lost desc, department
