-- Every name a child in the city is known by, for the search, with its place in the order of checking.
with

children as (
    select * from child
),

names as (
    select resident_id, kana as name from children
    union all
    select resident_id, name from children
    union all
    select resident_id, alias_name from children
    union all
    select resident_id, former_name from children
),

ranks as (
    select resident_id, min(rank) as rank
    from judgement
    where rank is not null
    group by resident_id
),

final as (
    select distinct
        names.resident_id,
        names.name,
        ranks.rank
    from names
    left join ranks using (resident_id)
    where names.name is not null and names.name <> ''
)

select * from final
order by resident_id, name
