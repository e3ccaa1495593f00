-- event_consultation: こども家庭相談受付 (12a) as dated facts. 虐待 with 緊急度 高 is grave.
create or replace temp macro event_consultation(as_of) as table
with
source as (
    select * from known_consultation
),
labelled as (
    select
        r.*,
        case r.kind
            when '11' then '身体的虐待'
            when '12' then '心理的虐待'
            when '13' then 'ネグレクト'
            when '14' then '性的虐待'
            when '20' then '養護'
            when '30' then '育児・しつけ'
            when '40' then '不登校'
            when '50' then 'いじめ'
            when '60' then '発達・障害'
            when '70' then '非行'
            when '80' then '貧困・生活'
            when '99' then 'その他'
        end as kind_label,
        case r.route
            when '01' then '家族・親族'
            when '02' then '近隣・知人'
            when '03' then '学校'
            when '04' then '保育所・幼稚園'
            when '05' then '医療機関'
            when '06' then '保健部門'
            when '07' then '福祉部門'
            when '08' then '警察'
            when '09' then '児童相談所'
            when '10' then '本人'
            when '99' then 'その他'
        end as route_label,
        case r.urgency
            when '1' then '低'
            when '2' then '中'
            when '3' then '高'
        end as urgency_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.occurred_on as occurred_on,
        null::date as ended_on,
        r.recorded_on,
        '相談受付' as kind,
        '相談受付（' || r.kind_label || '）' as title,
        concat_ws('、', '経路：' || r.route_label, '緊急度：' || r.urgency_label) as detail,
        case
            when r.kind in ('11', '12', '13', '14') and r.urgency = '3' then 3
            when r.kind in ('11', '12', '13', '14') or r.urgency = '3' then 2
            else 1
        end as grade,
        false as is_support
    from labelled as r
)
select * from final;
