-- stg_contact_log: 対応記録 (12c, こども安心課) as the city knew it on `as_of`.
-- One row per 受付番号×対応日×対応番号: the version with the newest 登録日 on or before that day.
-- person_id: whoever the row of consultation with the same number belongs to; null while that is not settled.
create or replace temp macro stg_contact_log(as_of) as table
with known as (
    select * from append_known('contact_log', as_of)
),
links as (
    select number, resident_id from link_settled('consultation')
),
final as (
    select
        k.consultation_id,
        k.contact_id,
        k.occurred_on,
        k.method,
        k.counterpart,
        k.outcome,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.consultation_id
)
select * from final;
