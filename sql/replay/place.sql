-- Every list that is compared, as places from 1: the rules, the number of flags, each department alone, school and
-- area alone. Ties are broken by a fixed scramble of the number, the same for all lists of a day.
with
score as (
    select * from score
),
known as (
    select * from known_before
),
entry as (
    select as_of, category, 'rules' as method, resident_id, level * 1000000 + points as score, rank from score
    union all
    select as_of, category, 'flags' as method, resident_id, flags::double as score, null as rank
    from score
    where flags > 0
    union all
    select as_of, category, 'department:' || department as method, resident_id, score, null as rank
    from department_score
    union all
    select as_of, category, 'area' as method, resident_id, score, null as rank from area_score
),
grouped as (
    select e.*, 'all' as population from entry as e
    union all
    select e.*, 'new' as population from entry as e
    anti join known as k on e.as_of = k.as_of and e.category = k.category and e.resident_id = k.resident_id
),
ordered as (
    select
        as_of,
        category,
        population,
        method,
        resident_id,
        row_number() over (
            partition by as_of, category, population, method
            order by score desc, rank asc nulls last, md5(resident_id || as_of::varchar) asc
        ) as place
    from grouped
),
final as (
    select * from ordered where place <= (select max(k) from step)
)
select * from final
