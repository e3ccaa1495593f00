-- How long each list of a day is, how many of its children had an event, and its average precision (the mean, over the
-- children with an event, of the precision at the place where each stands; those on no list come last, all at once).
-- A list on which nobody stands that day has length 0; those without a department exist on their own days only.
with
place as (
    select * from place
),
population as (
    select * from population
),
target as (
    select * from target
),
length as (
    select as_of, category, method, count(*) as length from place group by as_of, category, method
),
method as (
    select as_of, category, 'rules' as method from population
    union
    select p.as_of, p.category, l.method
    from population as p
    inner join (select distinct category, method from place where method not like 'without:%') as l
        on p.category = l.category
    union
    select as_of, category, method from length where method like 'without:%'
),
hit as (
    select
        p.as_of,
        p.category,
        t.months,
        p.method,
        p.place,
        row_number() over (partition by p.as_of, p.category, t.months, p.method order by p.place) as so_far
    from place as p
    inner join target as t on p.as_of = t.as_of and p.category = t.category and p.resident_id = t.resident_id
),
summed as (
    select as_of, category, months, method, count(*) as hits, sum(so_far / place) as precisions
    from hit
    group by as_of, category, months, method
),
final as (
    select
        p.as_of,
        p.category,
        p.months,
        m.method,
        coalesce(l.length, 0) as length,
        coalesce(s.hits, 0) as hits,
        (coalesce(s.precisions, 0) + (p.events - coalesce(s.hits, 0)) * p.events / p.children)
        / nullif(p.events, 0) as average_precision
    from population as p
    inner join method as m on p.as_of = m.as_of and p.category = m.category
    left join length as l on p.as_of = l.as_of and p.category = l.category and m.method = l.method
    left join summed as s
        on p.as_of = s.as_of and p.category = s.category and p.months = s.months and m.method = s.method
)
select * from final order by category, months, method, as_of
