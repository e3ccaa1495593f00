-- stg_newborn_visit: 乳児家庭全戸訪問 (04c, おやこ保健課) as the city knew it on `as_of`.
-- One row per 宛名番号×訪問日: the version with the newest 登録日 on or before that day.
-- person_id: the row's own 宛名番号.
create or replace temp macro stg_newborn_visit(as_of) as table
with known as (
    select * from append_known('newborn_visit', as_of)
),
final as (
    select
        k.resident_id,
        k.visited_on,
        k.outcome,
        k.epds,
        k.follow_up,
        k.recorded_on,
        k.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
