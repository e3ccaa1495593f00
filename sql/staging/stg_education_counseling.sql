-- stg_education_counseling: 教育相談 (11a, 教育センター) as the city knew it on `as_of`.
-- One row per 相談番号: the version with the newest 登録日 on or before that day.
-- person_id: by the match (auto or confirmed); null while it waits for review.
create or replace temp macro stg_education_counseling(as_of) as table
with known as (
    select * from append_known('education_counseling', as_of)
),
links as (
    select number, resident_id from link_settled('education_counseling')
),
final as (
    select
        k.counseling_id,
        k.name,
        k.kana,
        k.birth_date,
        k.birth_text,
        k.birth_year,
        k.birth_month,
        k.sex,
        k.school_name,
        k.grade,
        k.occurred_on,
        k.topic,
        k.method,
        k.closed_on,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.record_key
)
select * from final;
