-- The first places of every list, with the family instead of the child and whether an event came; null where the horizon
-- has not passed. From these the screen counts for any number of children checked.
with
place as (
    select * from place where place <= $deepest
),
family as (
    select * from family
),
population as (
    select distinct as_of, months from population
),
target as (
    select as_of, category, resident_id, list(months) as months from target group by as_of, category, resident_id
),
passed as (
    select as_of, list(months) as months from population group by as_of
),
final as (
    select
        p.category,
        p.method,
        p.as_of,
        p.place,
        f.family,
        d.months as passed,
        coalesce(t.months, []) as found
    from place as p
    inner join family as f on p.resident_id = f.resident_id
    inner join passed as d on p.as_of = d.as_of
    left join target as t on p.as_of = t.as_of and p.category = t.category and p.resident_id = t.resident_id
)
select * from final order by category, method, as_of, place
