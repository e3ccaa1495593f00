-- event_day_support: 障害児通所支援 (03b) as dated facts. A period of support.
create or replace temp macro event_day_support(as_of) as table
with
source as (
    select * from known_day_support
),
labelled as (
    select
        r.*,
        case r.service
            when '1' then '児童発達支援'
            when '2' then '放課後等デイサービス'
            when '3' then '保育所等訪問支援'
            when '4' then '居宅訪問型児童発達支援'
        end as service_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.started_on as occurred_on,
        r.ended_on as ended_on,
        r.recorded_on,
        '通所' as kind,
        r.service_label as title,
        '月平均 ' || r.days_per_month || '日' as detail,
        0 as grade,
        true as is_support
    from labelled as r
)
select * from final;
