-- Every list that is compared, as places from 1, of the same children: those of whom nothing of the category was known.
-- The rules ('rules', and 'without:…' for the rules without one department), the number of flags, each department alone,
-- school and area alone. Lists of the rules go by level, points and then the order of checking; every other list breaks
-- ties by a fixed scramble of the number, which differs from day to day so that no child is always the unlucky one.
with
child as (
    select as_of, resident_id, md5_number(resident_id || as_of::varchar) as scramble from child_day
),
known as (
    select * from known_before
),
population as (
    select * from population
),
entry as (
    select as_of, category, 'rules' as method, resident_id, level * 1000000 + points as score, rank from score
    union all
    select as_of, category, 'without:' || department as method, resident_id, level * 1000000 + points as score, rank
    from without_score
    union all
    select as_of, category, 'flags' as method, resident_id, flags::double as score, null as rank
    from score
    where flags > 0
    union all
    select as_of, category, method, resident_id, score, null as rank from other_score
    union all
    select as_of, category, 'area' as method, resident_id, score, null as rank from area_score
),
final as (
    select
        e.as_of,
        e.category,
        e.method,
        e.resident_id,
        row_number() over (
            partition by e.as_of, e.category, e.method
            order by e.score desc, e.rank asc nulls last, c.scramble asc
        )::integer as place
    from entry as e
    inner join child as c on e.as_of = c.as_of and e.resident_id = c.resident_id
    anti join known as k on e.as_of = k.as_of and e.category = k.category and e.resident_id = k.resident_id
    where e.method = 'rules' or e.as_of in (select as_of from population)
)
select * from final
