-- stg_guidance_center_case: 児童相談所受付 (13a, 児童相談所) as the city knew it on `as_of`.
-- One row per 児相受付番号: the version with the newest 登録日 on or before that day.
-- person_id: by the match (auto or confirmed); null while it waits for review.
create or replace temp macro stg_guidance_center_case(as_of) as table
with known as (
    select * from append_known('guidance_center_case', as_of)
),
links as (
    select number, resident_id from link_settled('guidance_center_case')
),
final as (
    select
        k.center_case_id,
        k.name,
        k.kana,
        k.birth_date,
        k.birth_text,
        k.birth_year,
        k.birth_month,
        k.age,
        k.sex,
        k.address,
        k.occurred_on,
        k.kind,
        k.route,
        k.custody_on,
        k.custody_ended_on,
        k.measure,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.record_key
)
select * from final;
