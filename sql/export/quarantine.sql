-- Every row that was held back, with the sentence a clerk can act on.
with quarantine as (
    select * from quarantine
),

final as (
    select
        file,
        row_number,
        extract,
        "column",
        value,
        rule,
        message
    from quarantine
    order by receipt_id asc, row_number asc, "column" asc nulls first, rule asc
)

select * from final
