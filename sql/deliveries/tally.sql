-- How many rows stayed behind, by extract and rule.
with quarantine as (
    select * from quarantine
),

final as (
    select
        extract,
        rule,
        count(*) as rows
    from quarantine
    where ($extracts::varchar[] is null or list_contains($extracts::varchar[], extract))
    group by extract, rule
    order by rows desc, extract asc, rule asc
)

select * from final
