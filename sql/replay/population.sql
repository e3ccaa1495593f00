-- The children every list is drawn from: how many of whom nothing was known on each day whose horizon has passed, and how
-- many of them had an event.
with
day as (
    select * from judged_day
),
category as (
    select * from outcome_category
),
horizon as (
    select * from horizon
),
known as (
    select k.as_of, k.category, count(*) as children
    from known_before as k
    semi join child_day as c on k.as_of = c.as_of and k.resident_id = c.resident_id
    group by k.as_of, k.category
),
target as (
    select as_of, category, months, count(*) as events from target group by as_of, category, months
),
final as (
    select
        d.as_of,
        c.category,
        h.months,
        d.children - coalesce(k.children, 0) as children,
        coalesce(t.events, 0) as events
    from day as d
    cross join category as c
    inner join horizon as h on d.as_of + to_months(h.months) <= $until::date
    left join known as k on d.as_of = k.as_of and c.category = k.category
    left join target as t on d.as_of = t.as_of and c.category = t.category and h.months = t.months
)
select * from final order by category, months, as_of
