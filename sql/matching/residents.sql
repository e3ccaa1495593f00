-- Identity of residents by the rows that household_rows.sql names, and whether 支援措置 is in force for anybody of the
-- household or behind the same door.
with

register as (
    select * from src_resident_register
),

newest as (
    select * from src_resident_register where rowid in (select unnest($rows::bigint[]))
),

measures as (
    select resident_id, lifted_on from src_protective_measure
    qualify row_number() over (
        partition by record_key order by recorded_on desc, delivered_on desc, receipt_id desc, row_number desc
    ) = 1
),

shielded as (
    select resident_id from child where protected
    union
    select resident_id from measures where lifted_on is null or lifted_on > $as_of::date
),

-- Where those who are shielded live: their household, and whoever lives behind the same address and 方書.
guarded as (
    select household_id, address, coalesce(address_detail, '') as address_detail from register
    where resident_id in (select resident_id from shielded)
    qualify row_number() over (
        partition by resident_id order by coalesce(seen_to, delivered_on) desc, recorded_on desc, delivered_on desc,
        receipt_id desc, row_number desc
    ) = 1
),

final as (
    select
        n.resident_id,
        n.household_id,
        n.relation,
        n.name,
        n.kana,
        n.alias_name,
        n.former_name,
        n.birth_date,
        n.birth_text,
        n.birth_year,
        n.birth_month,
        n.sex,
        n.address,
        n.address_detail,
        n.resident_since,
        n.status,
        n.status_on,
        n.household_id in (select household_id from guarded)
            or n.address || chr(10) || coalesce(n.address_detail, '')
            in (select address || chr(10) || address_detail from guarded where address is not null)
            as protected
    from newest as n
    order by n.household_id, n.birth_date nulls last, n.resident_id
)

select * from final
