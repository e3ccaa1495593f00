-- Precision at k of every list, with its 95 % range, and how far the rules are ahead of it, with the range of that.
-- Month-ends overlap and brothers and sisters come together, so the ranges count families, not rows: the variance is that
-- of the sum over families (each family's children found less the share expected of its places, all month-ends
-- together), and the Wilson score range is taken for as many independent children as would vary as much. Places beyond
-- the end of a list are a blind draw with a variance of its own. `of` is 'rules' for every list; 'without:…' lists are
-- compared on the days they were made for. Source: Korn & Graubard (1998), Survey Methodology 24(2), for the effective
-- number; Taylor linearisation of a ratio for the variance. Differences get one family more of variance, so that two or
-- three children are never taken for certain: Agresti & Min (2005), Statistics in Medicine 24(5), half a child a cell.
with
population as (
    select * from population where category = $category and months = $months and children >= $k
),
listing as (
    select l.*
    from listing as l
    semi join population as p on l.as_of = p.as_of and l.category = p.category and l.months = p.months
    union all by name
    select as_of, category, months, 'random' as method, 0 as length, 0 as hits from population
),
day as (
    select l.method, p.as_of, p.events, greatest(0, $k - l.length) as beyond,
        coalesce((p.events - l.hits) / nullif(p.children - l.length, 0), 0) as blind
    from population as p
    inner join (select distinct method from listing) as m on true
    inner join listing as l on p.as_of = l.as_of and m.method = l.method
),
placed as (
    select p.method, p.as_of, p.family, list_contains(p.found, $months)::integer as hit
    from placed as p
    semi join population as d on p.as_of = d.as_of
    where p.category = $category and p.place <= $k
),
-- A list compares itself with the rules on its own days.
side as (
    select d.method, d.method as side, d.as_of, d.events, d.beyond, d.blind, 1 as sign from day as d
    union all
    select d.method, 'rules' as side, d.as_of, r.events, r.beyond, r.blind, -1 as sign
    from day as d
    inner join day as r on d.as_of = r.as_of and r.method = 'rules'
),
total as (
    select
        s.method,
        s.sign,
        count(*) as days,
        avg(s.events) as events,
        $k * count(*) as looked,
        coalesce(sum(h.hits), 0) + sum(s.beyond * s.blind) as found,
        sum(s.beyond * s.blind * (1 - s.blind)) as blind_variance
    from side as s
    left join (select method, as_of, sum(hit) as hits from placed group by method, as_of) as h
        on s.side = h.method and s.as_of = h.as_of
    group by s.method, s.sign
),
family as (
    select s.method, s.sign, p.family, sum(p.hit) as hits, count(*) as places
    from side as s
    inner join placed as p on s.side = p.method and s.as_of = p.as_of
    group by s.method, s.sign, p.family
),
share as (
    select method, sign, found / looked as share from total
),
residual as (
    select f.method, f.sign, f.family, f.hits - s.share * f.places as residual
    from family as f
    inner join share as s on f.method = s.method and f.sign = s.sign
),
own as (
    select method, sum(residual * residual) as variance, count(*) as families
    from residual
    where sign = 1
    group by method
),
apart as (
    select method, sum(residual * residual) as variance
    from (select method, family, sum(sign * residual) as residual from residual group by method, family)
    group by method
),
counted as (
    select
        t.method,
        t.days,
        t.found / t.days as found,
        t.events,
        t.found / t.looked as precision,
        t.looked,
        coalesce(o.families, 0) as families,
        (coalesce(o.variance, 0) + t.blind_variance) / (t.looked * t.looked) as variance,
        r.found / r.days as rules_found,
        (r.found - t.found) / t.looked as ahead,
        case
            when t.method = 'rules' then 0
            else sqrt(coalesce(a.variance, 0) + t.blind_variance + r.blind_variance + 1)
        end / t.looked as ahead_error
    from total as t
    inner join total as r on t.method = r.method and r.sign = -1
    left join own as o on t.method = o.method
    left join apart as a on t.method = a.method
    where t.sign = 1
),
sized as (
    select
        *,
        case
            when variance > 0 then least(looked, greatest(1, precision * (1 - precision) / variance))
            else least(looked, greatest(1, families))
        end as effective
    from counted
),
final as (
    select
        method,
        days,
        found,
        events,
        precision,
        wilson_low(precision, effective) as low,
        wilson_high(precision, effective) as high,
        rules_found,
        ahead,
        ahead - 1.959963984540054 * ahead_error as ahead_low,
        ahead + 1.959963984540054 * ahead_error as ahead_high
    from sized
)
select * from final order by found desc, method
