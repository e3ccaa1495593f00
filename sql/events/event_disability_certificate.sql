-- event_disability_certificate: 障害者手帳 (03a) as dated facts. A period until 返還日.
create or replace temp macro event_disability_certificate(as_of) as table
with
source as (
    select * from known_disability_certificate
),
labelled as (
    select
        r.*,
        case r.certificate_type
            when '1' then '身体障害者手帳'
            when '2' then '療育手帳'
            when '3' then '精神障害者保健福祉手帳'
        end as certificate_type_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.issued_on as occurred_on,
        r.returned_on as ended_on,
        r.recorded_on,
        '手帳' as kind,
        r.certificate_type_label as title,
        r.grade as detail,
        0 as grade,
        false as is_support
    from labelled as r
)
select * from final;
