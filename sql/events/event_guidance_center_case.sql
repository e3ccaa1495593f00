-- event_guidance_center_case: 児童相談所受付 (13a) as dated facts. With 一時保護 as the period where there is one.
create or replace temp macro event_guidance_center_case(as_of) as table
with
source as (
    select * from known_guidance_center_case
),
labelled as (
    select
        r.*,
        case r.kind
            when '1' then '身体的'
            when '2' then '心理的'
            when '3' then 'ネグレクト'
            when '4' then '性的'
            when '0' then '虐待以外'
        end as kind_label,
        case r.route
            when '1' then '警察'
            when '2' then '学校'
            when '3' then '近隣'
            when '4' then '医療'
            when '5' then '市町村'
            when '6' then '家族'
            when '9' then 'その他'
        end as route_label,
        case r.measure
            when '1' then '助言指導'
            when '2' then '継続指導'
            when '3' then '施設入所'
            when '4' then '里親委託'
            when '5' then '市町村送致'
            when '9' then 'その他'
        end as measure_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.occurred_on as occurred_on,
        r.custody_ended_on as ended_on,
        r.recorded_on,
        '児童相談所' as kind,
        case when r.kind = '0' then '児童相談所（虐待以外）' else '児童相談所に通告（' || r.kind_label || '）' end as title,
        concat_ws(
            '、', '通告元：' || r.route_label,
            '一時保護 ' || strftime(r.custody_on, '%Y-%m-%d') || coalesce('〜' || strftime(r.custody_ended_on, '%Y-%m-%d'), '（継続中）'),
            '援助方針：' || r.measure_label
        ) as detail,
        case when r.kind = '0' then 1 else 3 end as grade,
        false as is_support
    from labelled as r
)
select * from final;
