-- The list school and area alone would give: the share of a school's (without one, a town's) children with an event
-- of the category known in the months before. Everybody of one school has the same score.
with
child as (
    select as_of, resident_id, coalesce(school_code, town) as place
    from child_day
    where as_of in (select as_of from population)
),
known as (
    select * from known_before
),
size as (
    select as_of, place, count(*) as children from child group by as_of, place
),
counted as (
    select c.as_of, k.category, c.place, count(*) as known
    from child as c
    inner join known as k on c.as_of = k.as_of and c.resident_id = k.resident_id
    group by c.as_of, k.category, c.place
),
final as (
    select
        c.as_of,
        n.category,
        c.resident_id,
        n.known / s.children as score
    from child as c
    inner join size as s on c.as_of = s.as_of and c.place = s.place
    inner join counted as n on c.as_of = n.as_of and c.place = n.place
)
select * from final
