-- event_education_counseling: 教育相談 (11a) as dated facts. A period of support until 終結日.
create or replace temp macro event_education_counseling(as_of) as table
with
source as (
    select * from known_education_counseling
),
labelled as (
    select
        r.*,
        case r.topic
            when '1' then '不登校'
            when '2' then 'いじめ'
            when '3' then '発達'
            when '4' then '家庭・養育'
            when '5' then '友人関係'
            when '6' then '学業'
            when '9' then 'その他'
        end as topic_label,
        case r.method
            when '1' then '来所'
            when '2' then '電話'
            when '3' then '訪問'
            when '4' then 'オンライン'
        end as method_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.occurred_on as occurred_on,
        r.closed_on as ended_on,
        r.recorded_on,
        '教育相談' as kind,
        '教育相談（' || r.topic_label || '）' as title,
        r.method_label as detail,
        1 as grade,
        true as is_support
    from labelled as r
)
select * from final;
