-- Where each level stands on the workload curve: children at that level or above of whom nothing was known, and how many
-- of them had an event.
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
    select s.as_of, s.category, s.resident_id, s.level
    from score as s
    anti join known as k on s.as_of = k.as_of and s.category = k.category and s.resident_id = k.resident_id
    where s.level > 0
),
size as (
    select l.as_of, l.category, v.level, count(*) as children
    from listed as l
    inner join level as v on l.level >= v.level
    group by l.as_of, l.category, v.level
),
hit as (
    select l.as_of, l.category, t.months, v.level, count(*) as found
    from listed as l
    inner join level as v on l.level >= v.level
    inner join target as t on l.as_of = t.as_of and l.category = t.category and l.resident_id = t.resident_id
    group by l.as_of, l.category, t.months, v.level
),
final as (
    select
        p.category,
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
    left join size as s on p.as_of = s.as_of and p.category = s.category and v.level = s.level
    left join hit as h
        on p.as_of = h.as_of and p.category = h.category and p.months = h.months and v.level = h.level
    group by p.category, p.months, v.level
)
select * from final order by category, months, level
