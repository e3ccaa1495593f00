-- event_council_case: 要保護児童対策地域協議会 (12b) as dated facts. Each row is a period of support until the next 登載日
-- of the same 受付番号, or its own 終結日.
create or replace temp macro event_council_case(as_of) as table
with
source as (
    select
        *,
        lead(started_on) over (partition by consultation_id order by started_on, record_key) as next_started_on
    from known_council_case
),
labelled as (
    select
        r.*,
        case r.kind
            when '1' then '要保護'
            when '2' then '要支援'
            when '3' then '特定妊婦'
        end as kind_label,
        case r.severity
            when '1' then '軽度'
            when '2' then '中度'
            when '3' then '重度'
            when '4' then '最重度'
        end as severity_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.started_on as occurred_on,
        least(r.ended_on, r.next_started_on) as ended_on,
        r.recorded_on,
        '要対協' as kind,
        case
            when r.ended_on <= as_of then '要対協（' || r.kind_label || '）終結'
            else '要対協（' || r.kind_label || '・' || r.severity_label || '）'
        end as title,
        '主担当：' || r.lead as detail,
        case when r.ended_on <= as_of then 0 else least(r.severity::integer, 3) end as grade,
        true as is_support
    from labelled as r
)
select * from final;
