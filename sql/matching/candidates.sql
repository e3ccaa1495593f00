-- The candidates of one record with the evidence for each.
with

offered as (
    select * from link_candidate where extract = $extract and record_key = $record_key
),

final as (
    select rank, resident_id, probability, weight, bits, levels from offered order by rank, resident_id
)

select * from final
