-- stg_council_case: 要保護児童対策地域協議会 (12b, こども安心課) as the city knew it on `as_of`.
-- One row per 受付番号×登載日: the version with the newest 登録日 on or before that day.
-- person_id: whoever the row of consultation with the same number belongs to; null while that is not settled.
create or replace temp macro stg_council_case(as_of) as table
with known as (
    select * from append_known('council_case', as_of)
),
links as (
    select number, resident_id from link_settled('consultation')
),
final as (
    select
        k.consultation_id,
        k.started_on,
        k.kind,
        k.severity,
        k.ended_on,
        k.lead,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.consultation_id
)
select * from final;
