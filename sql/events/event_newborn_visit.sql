-- event_newborn_visit: 乳児家庭全戸訪問 (04c) as dated facts.
create or replace temp macro event_newborn_visit(as_of) as table
with
source as (
    select * from known_newborn_visit
),
labelled as (
    select
        r.*,
        case r.outcome
            when '1' then '面会'
            when '2' then '不在'
            when '3' then '拒否'
        end as outcome_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.visited_on as occurred_on,
        null::date as ended_on,
        r.recorded_on,
        '訪問' as kind,
        '赤ちゃん訪問（' || r.outcome_label || '）' as title,
        concat_ws('、', 'EPDS ' || r.epds || '点', case when r.follow_up then '要継続支援' end) as detail,
        case when r.outcome = '3' or r.epds >= 9 then 2 when r.outcome = '2' or r.follow_up then 1 else 0 end as grade,
        r.outcome = '1' as is_support
    from labelled as r
)
select * from final;
