-- stg_protective_measure: 支援措置 (01c, 市民課) as the city knew it on `as_of`.
-- One row per 措置番号×宛名番号: the version with the newest 登録日 on or before that day.
-- person_id: the row's own 宛名番号.
create or replace temp macro stg_protective_measure(as_of) as table
with known as (
    select * from append_known('protective_measure', as_of)
),
final as (
    select
        k.measure_id,
        k.resident_id,
        k.kind,
        k.started_on,
        k.ended_on,
        k.lifted_on,
        k.recorded_on,
        k.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
