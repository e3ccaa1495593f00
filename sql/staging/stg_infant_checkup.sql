-- stg_infant_checkup: 乳幼児健診 (04b, おやこ保健課) as the city knew it on `as_of`.
-- One row per 宛名番号×健診種別: the version with the newest 登録日 on or before that day.
-- person_id: the row's own 宛名番号.
create or replace temp macro stg_infant_checkup(as_of) as table
with known as (
    select * from append_known('infant_checkup', as_of)
),
final as (
    select
        k.resident_id,
        k.checkup,
        k.due_month,
        k.attended_on,
        k.result,
        k.caries,
        k.parenting,
        k.reminders,
        k.recorded_on,
        k.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
