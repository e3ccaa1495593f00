-- now_reason: the reasons of the given children. Parameter: $residents.
with reason as (
    select * from reason
),

final as (
    select
        resident_id,
        category,
        kind,
        code,
        points,
        text,
        event_ids
    from reason
    where resident_id in (select unnest($residents::varchar[]))
    order by resident_id asc, category asc, ord asc
)

select * from final
