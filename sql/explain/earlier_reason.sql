-- earlier_reason: the reasons of the given children at the earlier judgement. Parameter: $residents.
with earlier_reason as (
    select * from earlier_reason
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
    from earlier_reason
    where resident_id in (select unnest($residents::varchar[]))
    order by resident_id asc, category asc, kind asc, code asc
)

select * from final
