-- The reasons of one child, in the order in which they are shown.
with reason as (
    select * from reason
),

final as (
    select
        category,
        ord,
        kind,
        code,
        points,
        text,
        events,
        event_ids
    from reason
    where resident_id = $resident_id
    order by category asc, ord asc
)

select * from final
