-- event_bullying: いじめ認知 (08c) as dated facts. A period until 解消日.
create or replace temp macro event_bullying(as_of) as table
with
source as (
    select * from known_bullying
),
labelled as (
    select
        r.*,
        case r.role
            when '1' then '被害'
            when '2' then '加害'
            when '3' then '周囲'
        end as role_label,
        case r.kind
            when '1' then '冷やかし・悪口'
            when '2' then '仲間外れ・無視'
            when '3' then '軽くぶつかる・叩く'
            when '4' then 'ひどくぶつかる・叩く'
            when '5' then '金品をたかられる'
            when '6' then '金品を隠される・壊される'
            when '7' then '嫌なことをされる・させられる'
            when '8' then 'ネット上の誹謗中傷'
            when '9' then 'その他'
        end as kind_label,
        case r.status
            when '1' then '取組中'
            when '2' then '見守り'
            when '3' then '解消'
        end as status_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.occurred_on as occurred_on,
        r.resolved_on as ended_on,
        r.recorded_on,
        'いじめ' as kind,
        'いじめ（' || r.role_label || '）' || case when r.serious then ' 重大事態' else '' end as title,
        concat_ws('、', r.kind_label, r.status_label) as detail,
        case when r.serious then 3 when r.role = '3' or r.status = '3' then 1 else 2 end as grade,
        false as is_support
    from labelled as r
)
select * from final;
