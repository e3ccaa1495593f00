-- How alike the lists of two successive month-ends are: children on both / children on either (Jaccard),
-- for the first k of the list. Children of whom nothing was known.
with
place as (
    select * from place where method = 'rules'
),
day as (
    select as_of, lag(as_of) over (order by as_of) as before from judged_day
),
step as (
    select * from step where k <= $deepest
),
size as (
    select p.as_of, p.category, s.k, count(*) as children
    from place as p
    inner join step as s on p.place <= s.k
    group by p.as_of, p.category, s.k
),
shared as (
    select d.as_of, n.category, s.k, count(*) as shared
    from day as d
    inner join place as n on d.as_of = n.as_of
    inner join place as b on d.before = b.as_of and n.category = b.category and n.resident_id = b.resident_id
    inner join step as s on n.place <= s.k and b.place <= s.k
    group by d.as_of, n.category, s.k
),
final as (
    select
        d.as_of,
        n.category,
        n.k,
        coalesce(s.shared, 0) / nullif(n.children + b.children - coalesce(s.shared, 0), 0) as jaccard
    from day as d
    inner join size as n on d.as_of = n.as_of
    inner join size as b on d.before = b.as_of and n.category = b.category and n.k = b.k
    left join shared as s on d.as_of = s.as_of and n.category = s.category and n.k = s.k
)
select * from final order by category, k, as_of
