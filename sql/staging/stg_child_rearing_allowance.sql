-- stg_child_rearing_allowance: 児童扶養手当 (05a, 子育て給付課) as the city knew it on `as_of`.
-- One row per 証書番号×児童宛名番号×認定日: the version with the newest 登録日 on or before that day.
-- person_id: the child, not the recipient.
create or replace temp macro stg_child_rearing_allowance(as_of) as table
with known as (
    select * from append_known('child_rearing_allowance', as_of)
),
final as (
    select
        k.certificate_id,
        k.guardian_id,
        k.resident_id,
        k.payment,
        k.started_on,
        k.ended_on,
        k.annual_report,
        k.recorded_on,
        k.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
