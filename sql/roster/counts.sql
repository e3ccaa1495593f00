-- Children in scope at each level of each category, and how many of them nobody has looked at yet.
with

children as (
    select resident_id from child where {scope}
),

judgements as (
    select resident_id, category, level from judgement where level >= 1
),

settled as (
    select unnest($settled::varchar[]) as resident_id
),

final as (
    select
        judgements.category,
        judgements.level,
        count(*) as children,
        count(*) filter (where judgements.resident_id not in (select resident_id from settled)) as unreviewed
    from judgements
    inner join children using (resident_id)
    group by judgements.category, judgements.level
)

select * from final
order by category, level desc
