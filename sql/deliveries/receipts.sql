-- One page of receipts, newest first, each row with the number of all that fit.
with receipt as (
    select * from receipt
),

fitting as (
    select * from receipt
    where
        ($extracts::varchar[] is null or list_contains($extracts::varchar[], extract))
        and (not $troubled::boolean or refused_reason is not null or quarantined > 0)
),

final as (
    select
        count(*) over () as total,
        receipt_id,
        received_at,
        extract,
        file,
        encoding,
        rows,
        accepted,
        unchanged,
        quarantined,
        refused_reason,
        newest_recorded_on,
        notes,
        delivered_on
    from fitting
    order by receipt_id desc
    limit $most offset $skipped
)

select * from final
