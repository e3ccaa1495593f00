-- reasons: what came, went or weighs differently in the reasons of the given children. Parameter: $residents.
with
now as (
    select * from reason where resident_id in (select unnest($residents::varchar[]))
),
before as (
    select * from earlier_reason where resident_id in (select unnest($residents::varchar[]))
),
compared as (
    select
        coalesce(now.resident_id, before.resident_id) as resident_id,
        coalesce(now.category, before.category) as category,
        coalesce(now.kind, before.kind) as kind,
        coalesce(now.code, before.code) as code,
        case
            when before.resident_id is null then 'came'
            when now.resident_id is null then 'went'
            else 'changed'
        end as turn,
        now.text,
        before.text as text_before,
        coalesce(now.points, 0) - coalesce(before.points, 0) as points
    from now
    full outer join before
        on
            now.resident_id = before.resident_id
            and now.category = before.category
            and now.kind = before.kind
            and now.code = before.code
    where
        now.resident_id is null or before.resident_id is null
        or coalesce(now.points, 0) <> coalesce(before.points, 0)
),
final as (
    select * from compared
)
select * from final
order by resident_id, category, abs(points) desc, kind, code;
