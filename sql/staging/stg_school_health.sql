-- stg_school_health: 学校健診 (06c, 学務保健課) as the city knew it on `as_of`.
-- One row per 学籍番号×検査日: the version with the newest 登録日 on or before that day.
-- person_id: whoever the row of school_register with the same number belongs to; null while that is not settled.
create or replace temp macro stg_school_health(as_of) as table
with known as (
    select * from append_known('school_health', as_of)
),
links as (
    select number, resident_id from link_settled('school_register')
),
final as (
    select
        k.school_register_id,
        k.examined_on,
        k.height_cm,
        k.weight_kg,
        k.caries,
        k.dental_visited,
        k.note,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.school_register_id
)
select * from final;
