-- Listed children who wait for somebody to look, and why. `reviewed` and `reviewed_level` hold each child's
-- newest review and the levels it saw.
with
listed as (
    select resident_id, category, level from judgement where level >= 1
),

seen as (
    select * from reviewed
),

seen_level as (
    select * from reviewed_level
),

recorded as (
    select resident_id, recorded_on from event where grade >= $new_record_grade
),

risen as (
    select distinct listed.resident_id
    from listed
    join seen on seen.resident_id = listed.resident_id
    left join seen_level
        on seen_level.resident_id = listed.resident_id and seen_level.category = listed.category
    where listed.level > coalesce(seen_level.level, 0)
),

news as (
    select distinct recorded.resident_id
    from recorded
    join seen on seen.resident_id = recorded.resident_id
    where recorded.recorded_on > cast(seen.reviewed_on as date)
),

children as (
    select distinct resident_id from listed
),

final as (
    select
        children.resident_id,
        case
            when seen.resident_id is null then '未確認'
            when risen.resident_id is not null then 'レベル上昇'
            when news.resident_id is not null then '新しい記録'
            when seen.lapsed then '保留の期限'
        end as why
    from children
    left join seen on seen.resident_id = children.resident_id
    left join risen on risen.resident_id = children.resident_id
    left join news on news.resident_id = children.resident_id
)

select * from final where why is not null order by resident_id
