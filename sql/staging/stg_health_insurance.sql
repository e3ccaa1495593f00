-- stg_health_insurance: 国民健康保険 (10a, 保険相談課) as the city knew it on `as_of`.
-- One row per 記号番号×宛名番号×資格取得日: the version with the newest 登録日 on or before that day.
-- person_id: the row's own 宛名番号.
create or replace temp macro stg_health_insurance(as_of) as table
with known as (
    select * from append_known('health_insurance', as_of)
),
final as (
    select
        k.policy_id,
        k.resident_id,
        k.started_on,
        k.ended_on,
        k.arrears_months,
        k.card,
        k.recorded_on,
        k.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
