-- counts: how many entered, rose, left and fell, by category. Placeholder: {scope} over child.
with
children as (
    select resident_id from child where {scope}
),
compared as (
    select
        now.category,
        case
            when coalesce(before.level, 0) = 0 then 'entered'
            when now.level = 0 then 'left'
            when now.level > before.level then 'rose'
            else 'fell'
        end as kind
    from children
    inner join judgement as now on children.resident_id = now.resident_id
    left join earlier_judgement as before
        on now.resident_id = before.resident_id and now.category = before.category
    where coalesce(before.level, 0) <> now.level
),
final as (
    select category, kind, count(*) as children from compared group by all
)
select * from final
order by category, kind;
