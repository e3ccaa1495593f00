-- Every name a child in the city is known by, for the search.
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

final as (
    select distinct
        resident_id,
        name
    from names
    where name is not null and name <> ''
)

select * from final
order by resident_id, name
