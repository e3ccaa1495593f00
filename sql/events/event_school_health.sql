-- event_school_health: 学校健診 (06c) as dated facts.
create or replace temp macro event_school_health(as_of) as table
with
source as (
    select * from known_school_health
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.examined_on as occurred_on,
        null::date as ended_on,
        r.recorded_on,
        '学校健診' as kind,
        '学校健診' || case when r.caries > 0 then '（未処置のむし歯 ' || r.caries || '本）' else '' end as title,
        concat_ws('、', '身長 ' || r.height_cm || 'cm', '体重 ' || r.weight_kg || 'kg', case r.dental_visited when '2' then '勧めた後も受診なし' end, r.note) as detail,
        case when r.caries >= 5 then 2 when r.dental_visited = '2' then 1 else 0 end as grade,
        false as is_support
    from source as r
)
select * from final;
