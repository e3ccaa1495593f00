-- overall: how many children came onto the list, rose, left it and fell, each child once by the highest of its levels.
-- Placeholder: {scope} over child.
with
children as (
    select resident_id from child where {scope}
),
now as (
    select resident_id, max(level) as level from judgement group by resident_id
),
before as (
    select resident_id, max(level) as level from earlier_judgement group by resident_id
),
compared as (
    select
        case
            when coalesce(before.level, 0) = 0 then 'entered'
            when now.level = 0 then 'left'
            when now.level > before.level then 'rose'
            else 'fell'
        end as kind
    from children
    inner join now on children.resident_id = now.resident_id
    left join before on children.resident_id = before.resident_id
    where now.level <> coalesce(before.level, 0)
),
final as (
    select kind, count(*) as children from compared group by kind
)
select * from final
order by kind;
