-- mental_certificate: 1 when she holds a 精神障害者保健福祉手帳. Never a reason alone.
create or replace temp macro expectant_fact_mental_certificate(as_of) as table
with
entries as (
    select * from expectant_entry where mother_id is not null
),
held as (
    select * from known_disability_certificate
    where certificate_type = '3' and issued_on <= as_of::date and (returned_on is null or returned_on > as_of::date)
),
final as (
    select
        entries.entry_id,
        1::double as value,
        max(held.issued_on) as occurred_on,
        max(held.recorded_on) as recorded_on,
        '精神障害者保健福祉手帳（交付 ' || max(held.issued_on) || '）' as detail
    from entries
    inner join held on entries.mother_id = held.person_id
    group by entries.entry_id
)
select * from final order by entry_id;
