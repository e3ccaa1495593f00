-- One row per child and category: points, floor and marks. Level and rank are put in by relevel.sql.
with child as (
    select * from child
),

category as (
    select * from rule_category
),

rule as (
    select * from rule_row
),

hit as (
    select * from rule_hit
),

cap as (
    select * from rule_cap
),

missing as (
    select * from rule_missing
),

part as (
    select
        h.resident_id,
        r.category,
        h.points,
        case when r.kind = 'trigger' then r.level else 0 end as floor_level,
        r.kind = 'suppression' as suppressed
    from hit as h
    inner join rule as r on h.rule = r.code
    union all
    select
        resident_id,
        category,
        points,
        0 as floor_level,
        false as suppressed
    from cap
),

summed as (
    select
        resident_id,
        category,
        sum(points) as points,
        max(floor_level) as floor_level,
        bool_or(suppressed) as suppressed
    from part
    group by resident_id, category
),

final as (
    select
        c.resident_id,
        k.category,
        coalesce(s.points, 0)::double as points,
        coalesce(s.floor_level, 0)::integer as floor_level,
        0::integer as level,
        null::integer as rank,
        coalesce(m.missing, []::varchar[]) as missing,
        coalesce(s.suppressed, false) as suppressed,
        coalesce(c.age_band, '') as age_band,
        coalesce(c.known_case, false) as known_case
    from child as c
    cross join category as k
    left join summed as s on c.resident_id = s.resident_id and k.category = s.category
    left join missing as m on c.resident_id = m.resident_id and k.category = m.category
)

select * from final
