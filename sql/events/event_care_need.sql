-- event_care_need: 要介護認定 (09a) as dated facts. A period until 有効期限. Mostly of a grandparent who lives with
-- the child.
create or replace temp macro event_care_need(as_of) as table
with
source as (
    select * from known_care_need
),
labelled as (
    select
        r.*,
        case r.care_level
            when '11' then '要支援1'
            when '12' then '要支援2'
            when '21' then '要介護1'
            when '22' then '要介護2'
            when '23' then '要介護3'
            when '24' then '要介護4'
            when '25' then '要介護5'
        end as care_level_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.started_on as occurred_on,
        r.ended_on as ended_on,
        r.recorded_on,
        '介護' as kind,
        '要介護認定（' || r.care_level_label || '）' as title,
        case when r.uses_service then '介護サービスを利用' else 'サービス利用の記録なし' end as detail,
        case when r.care_level in ('23', '24', '25') then 1 else 0 end as grade,
        false as is_support
    from labelled as r
)
select * from final;
