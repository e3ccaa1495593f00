-- earlier_reason: the child's reasons at the earlier judgement. Parameter: $resident_id.
with earlier_reason as (
    select * from earlier_reason
),

final as (
    select
        category,
        kind,
        code,
        points,
        text,
        event_ids
    from earlier_reason
    where resident_id = $resident_id
    order by category asc, kind asc, code asc
)

select * from final
