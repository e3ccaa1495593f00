-- stg_school_register: 学齢簿 (06a, 学務保健課) as the city knew it on `as_of`.
-- One row per 学籍番号 that stands in the newest counting delivery.
-- person_id: by the match (auto or confirmed); null while it waits for review.
create or replace temp macro stg_school_register(as_of) as table
with known as (
    select * from snapshot_known('school_register', as_of)
),
links as (
    select number, resident_id from link_settled('school_register')
),
final as (
    select
        k.school_register_id,
        k.resident_id,
        k.name,
        k.kana,
        k.birth_date,
        k.birth_text,
        k.birth_year,
        k.birth_month,
        k.sex,
        k.guardian_name,
        k.postal_code,
        k.address,
        k.school_code,
        k.school_name,
        k.grade,
        k.status,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.record_key
)
select * from final;
