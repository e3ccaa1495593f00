-- stg_public_assistance: 生活保護 (02a, 福祉事務所) as the city knew it on `as_of`.
-- One row per ケース番号×宛名番号×開始日: the version with the newest 登録日 on or before that day.
-- person_id: the row's own 宛名番号.
create or replace temp macro stg_public_assistance(as_of) as table
with known as (
    select * from append_known('public_assistance', as_of)
),
final as (
    select
        k.case_id,
        k.resident_id,
        k.started_on,
        k.ended_on,
        k.end_reason,
        k.education_aid,
        k.recorded_on,
        k.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
