-- stg_day_support: 障害児通所支援 (03b, 障害福祉課) as the city knew it on `as_of`.
-- One row per 受給者証番号×決定日: the version with the newest 登録日 on or before that day.
-- person_id: the row's own 宛名番号.
create or replace temp macro stg_day_support(as_of) as table
with known as (
    select * from append_known('day_support', as_of)
),
final as (
    select
        k.recipient_id,
        k.resident_id,
        k.service,
        k.started_on,
        k.ended_on,
        k.days_per_month,
        k.recorded_on,
        k.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
