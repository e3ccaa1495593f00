-- stg_resident_register: 住民基本台帳 (01a, 市民課) as the city knew it on `as_of`.
-- One row per 宛名番号 that stands in the newest counting delivery.
-- person_id: the row's own 宛名番号.
create or replace temp macro stg_resident_register(as_of) as table
with known as (
    select * from snapshot_known('resident_register', as_of)
),
final as (
    select
        k.resident_id,
        k.household_id,
        k.relation,
        k.name,
        k.kana,
        k.alias_name,
        k.former_name,
        k.birth_date,
        k.birth_text,
        k.birth_year,
        k.birth_month,
        k.sex,
        k.nationality,
        k.postal_code,
        k.address,
        k.address_detail,
        k.resident_since,
        k.status,
        k.status_on,
        k.recorded_on,
        k.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
