-- Workload curve: how many children with a later event are among the first k of each list, a month on average.
-- Where a list is shorter than k, the rest is drawn blindly from everybody else (its expected value counts).
-- precision is found / k; low and high are its 95 % Wilson range. Month-ends overlap, so only as many children count
-- for the range as there were separate periods of the horizon's length.
with
population as (
    select * from population
),
place as (
    select * from place
),
target as (
    select * from target
),
step as (
    select * from step
),
method as (
    select distinct category, population, method from place
    union all
    select distinct category, population, 'random' as method from population
),
length as (
    select as_of, category, population, method, count(*) as length
    from place
    group by as_of, category, population, method
),
hit as (
    select p.as_of, p.category, p.population, t.months, p.method, p.place
    from place as p
    inner join target as t
        on p.as_of = t.as_of and p.category = t.category and p.population = t.population
        and p.resident_id = t.resident_id
),
hit_within as (
    select h.as_of, h.category, h.population, h.months, h.method, s.k, count(*) as hits
    from hit as h
    inner join step as s on h.place <= s.k
    group by h.as_of, h.category, h.population, h.months, h.method, s.k
),
hit_whole as (
    select as_of, category, population, months, method, count(*) as hits
    from hit
    group by as_of, category, population, months, method
),
day as (
    select
        p.category,
        p.population,
        p.months,
        m.method,
        s.k,
        p.as_of,
        p.events,
        coalesce(w.hits, 0) + case
            when s.k > coalesce(l.length, 0)
                then (s.k - coalesce(l.length, 0))
                    * (p.events - coalesce(a.hits, 0)) / nullif(p.children - coalesce(l.length, 0), 0)
            else 0
        end as found
    from population as p
    inner join method as m on p.category = m.category and p.population = m.population
    inner join step as s on s.k <= p.children
    left join length as l
        on p.as_of = l.as_of and p.category = l.category and p.population = l.population and m.method = l.method
    left join hit_within as w
        on p.as_of = w.as_of and p.category = w.category and p.population = w.population and p.months = w.months
        and m.method = w.method and s.k = w.k
    left join hit_whole as a
        on p.as_of = a.as_of and p.category = a.category and p.population = a.population and p.months = a.months
        and m.method = a.method
),
summed as (
    select
        category,
        population,
        months,
        method,
        k,
        count(*) as days,
        avg(found) as found,
        avg(events) as events,
        sum(found) / nullif(sum(events), 0) as share,
        avg(found) / k as precision,
        k * greatest(1, count(*) / months) as looked
    from day
    group by category, population, months, method, k
),
final as (
    select
        category,
        population,
        months,
        method,
        k,
        days,
        found,
        events,
        share,
        precision,
        wilson_low(precision, looked) as low,
        wilson_high(precision, looked) as high
    from summed
)
select * from final order by category, population, months, method, k
