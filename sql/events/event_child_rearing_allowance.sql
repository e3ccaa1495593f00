-- event_child_rearing_allowance: 児童扶養手当 (05a) as dated facts. A period of support.
create or replace temp macro event_child_rearing_allowance(as_of) as table
with
source as (
    select * from known_child_rearing_allowance
),
labelled as (
    select
        r.*,
        case r.payment
            when '1' then '全部支給'
            when '2' then '一部支給'
            when '3' then '全部停止'
        end as payment_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.started_on as occurred_on,
        r.ended_on as ended_on,
        r.recorded_on,
        '手当' as kind,
        '児童扶養手当（' || r.payment_label || '）' as title,
        case r.annual_report when '2' then '現況届が未提出' end as detail,
        case when r.annual_report = '2' then 1 else 0 end as grade,
        r.payment <> '3' as is_support
    from labelled as r
)
select * from final;
