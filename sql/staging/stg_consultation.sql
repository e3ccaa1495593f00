-- stg_consultation: こども家庭相談受付 (12a, こども安心課) as the city knew it on `as_of`.
-- One row per 受付番号: the version with the newest 登録日 on or before that day.
-- person_id: by the match (auto or confirmed); null while it waits for review.
create or replace temp macro stg_consultation(as_of) as table
with known as (
    select * from append_known('consultation', as_of)
),
links as (
    select number, resident_id from link_settled('consultation')
),
final as (
    select
        k.consultation_id,
        k.name,
        k.kana,
        k.birth_date,
        k.birth_text,
        k.birth_year,
        k.birth_month,
        k.sex,
        k.guardian_name,
        k.address,
        k.institution,
        k.occurred_on,
        k.route,
        k.kind,
        k.urgency,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.record_key
)
select * from final;
