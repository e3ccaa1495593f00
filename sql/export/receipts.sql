-- What arrived, file by file, in the order of arrival.
with receipt as (
    select * from receipt
),

final as (
    select
        received_at,
        extract,
        file,
        sha256,
        encoding,
        rows,
        accepted,
        unchanged,
        quarantined,
        refused_reason,
        newest_recorded_on,
        notes
    from receipt
    order by received_at asc, receipt_id asc
)

select * from final
