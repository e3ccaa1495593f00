-- stg_school_expense_aid: 就学援助 (06b, 学務保健課) as the city knew it on `as_of`.
-- One row per 申請番号: the version with the newest 登録日 on or before that day.
-- person_id: by the match (auto or confirmed); null while it waits for review.
create or replace temp macro stg_school_expense_aid(as_of) as table
with known as (
    select * from append_known('school_expense_aid', as_of)
),
links as (
    select number, resident_id from link_settled('school_expense_aid')
),
final as (
    select
        k.application_id,
        k.name,
        k.kana,
        k.birth_date,
        k.birth_text,
        k.birth_year,
        k.birth_month,
        k.sex,
        k.guardian_name,
        k.address,
        k.school_name,
        k.grade,
        k.applied_on,
        k.decision,
        k.reason,
        k.ended_on,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.record_key
)
select * from final;
