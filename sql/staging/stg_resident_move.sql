-- stg_resident_move: 住民異動 (01b, 市民課) as the city knew it on `as_of`.
-- One row per 異動番号: the version with the newest 登録日 on or before that day.
-- person_id: the row's own 宛名番号.
create or replace temp macro stg_resident_move(as_of) as table
with known as (
    select * from append_known('resident_move', as_of)
),
final as (
    select
        k.move_id,
        k.resident_id,
        k.move_type,
        k.moved_on,
        k.old_address,
        k.new_address,
        k.recorded_on,
        k.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
