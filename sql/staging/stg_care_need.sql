-- stg_care_need: 要介護認定 (09a, 長寿安心課) as the city knew it on `as_of`.
-- One row per 被保険者番号×認定日: the version with the newest 登録日 on or before that day.
-- person_id: the row's own 宛名番号.
create or replace temp macro stg_care_need(as_of) as table
with known as (
    select * from append_known('care_need', as_of)
),
final as (
    select
        k.insured_id,
        k.resident_id,
        k.care_level,
        k.started_on,
        k.ended_on,
        k.uses_service,
        k.recorded_on,
        k.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
