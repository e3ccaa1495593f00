-- moves: children whose level changed between the earlier judgement and this one, one row per child and category.
-- Placeholder: {scope} over child. Parameters: $kinds, $categories (null: all), $limit, $offset.
with
children as (
    select resident_id from child where {scope}
),
compared as (
    select
        children.resident_id,
        coalesce(now.category, before.category) as category,
        coalesce(before.level, 0) as level_before,
        coalesce(now.level, 0) as level,
        coalesce(before.points, 0) as points_before,
        coalesce(now.points, 0) as points,
        before.resident_id is null as is_new
    from children
    inner join judgement as now on children.resident_id = now.resident_id
    left join earlier_judgement as before
        on now.resident_id = before.resident_id and now.category = before.category
    where coalesce(before.level, 0) <> now.level
),
named as (
    select
        *,
        case
            when level_before = 0 then 'entered'
            when level = 0 then 'left'
            when level > level_before then 'rose'
            else 'fell'
        end as kind
    from compared
),
chosen as (
    select *
    from named
    where
        ($kinds::varchar[] is null or list_contains($kinds::varchar[], kind))
        and ($categories::varchar[] is null or list_contains($categories::varchar[], category))
),
final as (
    select *, count(*) over () as total
    from chosen
    order by
        case kind when 'entered' then 1 when 'rose' then 2 when 'left' then 3 else 4 end,
        greatest(level, level_before) desc,
        abs(points - points_before) desc,
        resident_id,
        category
    limit $limit offset $offset
)
select * from final;
