-- stg_disability_certificate: 障害者手帳 (03a, 障害福祉課) as the city knew it on `as_of`.
-- One row per 手帳番号: the version with the newest 登録日 on or before that day.
-- person_id: the row's own 宛名番号.
create or replace temp macro stg_disability_certificate(as_of) as table
with known as (
    select * from append_known('disability_certificate', as_of)
),
final as (
    select
        k.certificate_id,
        k.resident_id,
        k.certificate_type,
        k.grade,
        k.issued_on,
        k.returned_on,
        k.recorded_on,
        k.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
