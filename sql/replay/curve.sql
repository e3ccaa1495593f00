-- Workload curve: how many children with a later event are among the first k of each list, a month on average.
-- Where a list is shorter than k, the rest is drawn blindly from everybody else (its expected value counts).
with
population as (
    select * from population
),
listing as (
    select * from listing where method not like 'without:%'
),
place as (
    select * from place where method not like 'without:%'
),
target as (
    select * from target
),
step as (
    select * from step
),
method as (
    select distinct category, method from listing
    union all
    select distinct category, 'random' as method from population
),
hit as (
    select p.as_of, p.category, t.months, p.method, p.place
    from place as p
    inner join target as t on p.as_of = t.as_of and p.category = t.category and p.resident_id = t.resident_id
),
hit_within as (
    select h.as_of, h.category, h.months, h.method, s.k, count(*) as hits
    from hit as h
    inner join step as s on h.place <= s.k
    group by h.as_of, h.category, h.months, h.method, s.k
),
day as (
    select
        p.category,
        p.months,
        m.method,
        s.k,
        p.as_of,
        p.events,
        coalesce(w.hits, 0)
        + greatest(0, s.k - coalesce(l.length, 0))
        * coalesce((p.events - coalesce(l.hits, 0)) / nullif(p.children - coalesce(l.length, 0), 0), 0) as found
    from population as p
    inner join method as m on p.category = m.category
    inner join step as s on s.k <= p.children
    left join listing as l
        on p.as_of = l.as_of and p.category = l.category and p.months = l.months and m.method = l.method
    left join hit_within as w
        on p.as_of = w.as_of and p.category = w.category and p.months = w.months and m.method = w.method
        and s.k = w.k
),
final as (
    select
        category,
        months,
        method,
        k,
        count(*) as days,
        avg(found) as found,
        avg(events) as events,
        sum(found) / nullif(sum(events), 0) as share,
        avg(found) / k as precision
    from day
    group by category, months, method, k
)
select * from final order by category, months, method, k
