-- The links in some states with their best candidate, one row per record.
with

links as (
    select * from link
    where list_contains($extracts::varchar[], extract) and (
        list_contains($statuses::varchar[], status) or list_contains($keys::varchar[], extract || '|' || record_key)
    )
),

best as (
    select extract, record_key, resident_id, probability from link_candidate where rank = 1
),

offered as (
    select extract, record_key, list(resident_id order by rank) as candidates
    from link_candidate
    where probability >= $least::double
    group by extract, record_key
),

households as (
    select resident_id, household_id from src_resident_register
    qualify row_number() over (
        partition by resident_id order by coalesce(seen_to, delivered_on) desc, recorded_on desc, receipt_id desc,
        row_number desc
    ) = 1
),

final as (
    select
        l.extract,
        l.record_key,
        l.status,
        l.resident_id,
        l.probability,
        coalesce(l.reasons, '') as reasons,
        coalesce(l.resident_id, b.resident_id) as best_id,
        coalesce(b.probability, 0) as best_probability,
        h.household_id,
        o.candidates
    from links as l
    left join offered as o on o.extract = l.extract and o.record_key = l.record_key
    left join best as b on b.extract = l.extract and b.record_key = l.record_key
    left join households as h on h.resident_id = coalesce(l.resident_id, b.resident_id)
    order by l.extract, l.record_key
)

select * from final
