-- event_health_insurance: 国民健康保険 (10a) as dated facts. A period until 資格喪失日.
create or replace temp macro event_health_insurance(as_of) as table
with
source as (
    select * from known_health_insurance
),
labelled as (
    select
        r.*,
        case r.card
            when '1' then '通常'
            when '2' then '短期'
            when '3' then '特別療養費'
        end as card_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.started_on as occurred_on,
        r.ended_on as ended_on,
        r.recorded_on,
        '保険' as kind,
        '国民健康保険' || case when r.card in ('2', '3') then '（' || r.card_label || '）' else '' end as title,
        '滞納 ' || nullif(r.arrears_months, 0) || 'か月' as detail,
        case when r.card in ('2', '3') or r.arrears_months >= 6 then 2 when r.arrears_months > 0 then 1 else 0 end as grade,
        false as is_support
    from labelled as r
)
select * from final;
