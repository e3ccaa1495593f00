-- Everybody the register ever named, in order of number: birth date, place in the order of checking, whether a
-- child of today's city. shielded: 支援措置 in force for the household or behind the same address and 方書.
with

register as (
    select * from src_resident_register
),

children as (
    select resident_id, protected from child
),

ranks as (
    select resident_id, min(rank) as rank
    from judgement
    where rank is not null
    group by resident_id
),

newest as (
    select resident_id, household_id, birth_date, address, coalesce(address_detail, '') as address_detail
    from register
    qualify row_number() over (
        partition by resident_id order by coalesce(seen_to, delivered_on) desc, recorded_on desc, delivered_on desc,
        receipt_id desc, row_number desc
    ) = 1
),

measures as (
    select resident_id, lifted_on from src_protective_measure
    qualify row_number() over (
        partition by record_key order by recorded_on desc, delivered_on desc, receipt_id desc, row_number desc
    ) = 1
),

guarded as (
    select n.household_id, n.address, n.address_detail
    from newest as n
    where n.resident_id in (select resident_id from children where protected)
    or n.resident_id in (
        select resident_id from measures where lifted_on is null or lifted_on > $as_of::date
    )
),

final as (
    select
        n.resident_id,
        n.birth_date,
        r.rank,
        n.resident_id in (select resident_id from children) as is_child,
        n.household_id in (select household_id from guarded)
            or (n.address, n.address_detail) in (select (address, address_detail) from guarded) as shielded
    from newest as n
    left join ranks as r on r.resident_id = n.resident_id
)

select * from final
order by resident_id
