-- event_school_expense_aid: 就学援助 (06b) as dated facts. A granted application is a period of support.
create or replace temp macro event_school_expense_aid(as_of) as table
with
source as (
    select * from known_school_expense_aid
),
labelled as (
    select
        r.*,
        case r.decision
            when '1' then '認定'
            when '2' then '否認定'
            when '3' then '取下げ'
            when '4' then '審査中'
        end as decision_label,
        case r.reason
            when '1' then '生活保護'
            when '2' then '児童扶養手当'
            when '3' then '市民税非課税'
            when '4' then '所得基準'
            when '9' then 'その他'
        end as reason_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.applied_on as occurred_on,
        r.ended_on as ended_on,
        r.recorded_on,
        '就学援助' as kind,
        '就学援助（' || r.decision_label || '）' as title,
        r.reason_label as detail,
        case when r.decision = '2' then 1 else 0 end as grade,
        r.decision = '1' as is_support
    from labelled as r
)
select * from final;
