-- stg_mood_check: 教育ダッシュボード・心の健康観察 (11c, 教育センター) as the city knew it on `as_of`.
-- One row per 児童生徒番号×回答日: the version with the newest 登録日 on or before that day.
-- person_id: whoever the row of pupil_roster with the same number belongs to; null while that is not settled.
create or replace temp macro stg_mood_check(as_of) as table
with known as (
    select * from append_known('mood_check', as_of)
),
links as (
    select number, resident_id from link_settled('pupil_roster')
),
final as (
    select
        k.pupil_id,
        k.occurred_on,
        k.mood,
        k.sleep,
        k.wants_to_talk,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.pupil_id
)
select * from final;
