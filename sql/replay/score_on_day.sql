-- What one judged day says of every child some rule speaks of: level, points, place in the order of checking, flags.
with
judgement as (
    select * from judgement where level > 0 or points > 0
),
flag as (
    select resident_id, category, count(*) as flags
    from reason
    where kind = 'item'
    group by resident_id, category
),
final as (
    select
        $as_of::date as as_of,
        j.resident_id,
        j.category,
        j.level,
        j.points,
        j.rank,
        coalesce(f.flags, 0)::integer as flags
    from judgement as j
    left join flag as f on j.resident_id = f.resident_id and j.category = f.category
)
select * from final order by category, resident_id
