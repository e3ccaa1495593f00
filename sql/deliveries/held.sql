-- One page of rows that stayed behind, newest receipt first, each with the number of all that fit.
with quarantine as (
    select * from quarantine
),

fitting as (
    select * from quarantine
    where
        ($extracts::varchar[] is null or list_contains($extracts::varchar[], extract))
        and ($rule::varchar is null or rule = $rule::varchar)
),

final as (
    select
        count(*) over () as total,
        receipt_id,
        file,
        row_number,
        extract,
        "column",
        value,
        rule,
        message
    from fitting
    order by receipt_id desc, row_number asc, "column" asc nulls first, rule asc
    limit $most offset $skipped
)

select * from final
