-- event_mood_check: 教育ダッシュボード・心の健康観察 (11c) as dated facts. Only answers with a low mood (1 or 2) or a wish
-- to talk.
create or replace temp macro event_mood_check(as_of) as table
with
source as (
    select * from known_mood_check where mood <= 2 or wants_to_talk
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.occurred_on as occurred_on,
        null::date as ended_on,
        r.recorded_on,
        '心の健康観察' as kind,
        case when r.wants_to_talk then '相談したい' else '気分が低い（' || r.mood || '）' end as title,
        concat_ws('、', '気分 ' || r.mood, '睡眠 ' || r.sleep) as detail,
        case when r.wants_to_talk then 2 when r.mood = 1 then 1 else 0 end as grade,
        false as is_support
    from source as r
)
select * from final;
