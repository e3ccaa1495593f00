-- Known cases, judged as if not yet known: of the children whose first consultation or guidance-centre case came
-- later, how many stood at each level at the last month-end at least 6 months before it was recorded.
-- `usual` is the share of all children not known on those days, for comparison. category '' is any of them.
with
fact as (
    select * from known_fact
),
child as (
    select * from child_day where not known_case
),
score as (
    select as_of, resident_id, category, level from score where level > 0
    union all
    select as_of, resident_id, '' as category, max(level) as level from score where level > 0 group by all
),
category as (
    select category from outcome_category
    union all
    select '' as category
),
level as (
    select * from level
),
measured as (
    select c.resident_id, max(c.as_of) as as_of
    from child as c
    inner join fact as f on c.resident_id = f.resident_id
    where
        c.as_of <= f.recorded_on - interval 6 month
        and c.as_of > f.recorded_on - interval 8 month
        and c.as_of < f.occurred_on
    group by c.resident_id
),
cases as (
    select count(*) as cases from measured
),
weight as (
    select as_of, count(*) as cases from measured group by as_of
),
usual as (
    select
        k.category,
        v.level,
        sum(w.cases * coalesce(n.listed, 0) / a.children) / nullif(sum(w.cases), 0) as usual
    from weight as w
    inner join (select as_of, count(*) as children from child group by as_of) as a on w.as_of = a.as_of
    cross join category as k
    cross join level as v
    left join (
        select s.as_of, s.category, v.level, count(*) as listed
        from score as s
        inner join level as v on s.level >= v.level
        semi join child as c on s.as_of = c.as_of and s.resident_id = c.resident_id
        group by s.as_of, s.category, v.level
    ) as n on w.as_of = n.as_of and k.category = n.category and v.level = n.level
    group by k.category, v.level
),
reached as (
    select s.category, v.level, count(*) as reached
    from measured as m
    inner join score as s on m.as_of = s.as_of and m.resident_id = s.resident_id
    inner join level as v on s.level >= v.level
    group by s.category, v.level
),
final as (
    select
        k.category,
        v.level,
        n.cases,
        coalesce(r.reached, 0) as reached,
        coalesce(r.reached, 0) / nullif(n.cases, 0) as share,
        wilson_low(coalesce(r.reached, 0) / nullif(n.cases, 0), nullif(n.cases, 0)) as low,
        wilson_high(coalesce(r.reached, 0) / nullif(n.cases, 0), nullif(n.cases, 0)) as high,
        u.usual
    from category as k
    cross join level as v
    cross join cases as n
    left join reached as r on k.category = r.category and v.level = r.level
    left join usual as u on k.category = u.category and v.level = u.level
)
select * from final order by category, level
