-- How many files were not taken at all.
with receipt as (
    select * from receipt
),

final as (
    select count(*) as files
    from receipt
    where
        refused_reason is not null
        and ($extracts::varchar[] is null or list_contains($extracts::varchar[], extract))
)

select * from final
