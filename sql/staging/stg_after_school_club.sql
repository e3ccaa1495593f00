-- stg_after_school_club: 放課後こどもクラブ (07a, 学び育ち支援課) as the city knew it on `as_of`.
-- One row per 入会番号: the version with the newest 登録日 on or before that day.
-- person_id: by the match (auto or confirmed); null while it waits for review.
create or replace temp macro stg_after_school_club(as_of) as table
with known as (
    select * from append_known('after_school_club', as_of)
),
links as (
    select number, resident_id from link_settled('after_school_club')
),
final as (
    select
        k.membership_id,
        k.name,
        k.kana,
        k.birth_date,
        k.birth_text,
        k.birth_year,
        k.birth_month,
        k.sex,
        k.guardian_name,
        k.school_name,
        k.grade,
        k.started_on,
        k.ended_on,
        k.end_reason,
        k.arrears_months,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.record_key
)
select * from final;
