-- How many children in scope are on the list now that were on no level in the list before.
with

children as (
    select resident_id from child where {scope}
),

before as (
    select unnest($before::varchar[]) as resident_id
),

listed as (
    select distinct resident_id from judgement where level >= 1
),

final as (
    select count(*) as children
    from listed
    inner join children using (resident_id)
    where listed.resident_id not in (select resident_id from before)
)

select * from final
