-- event_guidance: 生徒指導 (08d) as dated facts. 自傷・希死念慮 is always grave.
create or replace temp macro event_guidance(as_of) as table
with
source as (
    select * from known_guidance
),
labelled as (
    select
        r.*,
        case r.kind
            when '1' then '暴力行為'
            when '2' then '非行・触法'
            when '3' then '家出・深夜徘徊'
            when '4' then '自傷・希死念慮'
            when '5' then '器物損壊'
            when '6' then 'ネット・SNS'
            when '9' then 'その他'
        end as kind_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.occurred_on as occurred_on,
        null::date as ended_on,
        r.recorded_on,
        '生徒指導' as kind,
        r.kind_label as title,
        r.response as detail,
        case when r.kind = '4' then 3 when r.kind in ('1', '2', '3') then 2 else 1 end as grade,
        false as is_support
    from labelled as r
)
select * from final;
