-- Where each level stands on the workload curve: children at that level or above, and how many of them had an event.
with
population as (
    select * from population
),
score as (
    select * from score
),
known as (
    select * from known_before
),
target as (
    select * from target
),
level as (
    select * from level
),
listed as (
    select s.as_of, s.category, s.resident_id, s.level, 'all' as population from score as s
    union all
    select s.as_of, s.category, s.resident_id, s.level, 'new' as population from score as s
    anti join known as k on s.as_of = k.as_of and s.category = k.category and s.resident_id = k.resident_id
),
size as (
    select l.as_of, l.category, l.population, v.level, count(*) as children
    from listed as l
    inner join level as v on l.level >= v.level
    group by l.as_of, l.category, l.population, v.level
),
hit as (
    select l.as_of, l.category, l.population, t.months, v.level, count(*) as found
    from listed as l
    inner join level as v on l.level >= v.level
    inner join target as t
        on l.as_of = t.as_of and l.category = t.category and l.population = t.population
        and l.resident_id = t.resident_id
    group by l.as_of, l.category, l.population, t.months, v.level
),
final as (
    select
        p.category,
        p.population,
        p.months,
        v.level,
        count(*) as days,
        avg(coalesce(s.children, 0)) as children,
        avg(coalesce(h.found, 0)) as found,
        avg(p.events) as events,
        sum(coalesce(h.found, 0)) / nullif(sum(p.events), 0) as share,
        sum(coalesce(h.found, 0)) / nullif(sum(coalesce(s.children, 0)), 0) as precision
    from population as p
    cross join level as v
    left join size as s
        on p.as_of = s.as_of and p.category = s.category and p.population = s.population and v.level = s.level
    left join hit as h
        on p.as_of = h.as_of and p.category = h.category and p.population = h.population and p.months = h.months
        and v.level = h.level
    group by p.category, p.population, p.months, v.level
)
select * from final order by category, population, months, level
