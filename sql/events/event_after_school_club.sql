-- event_after_school_club: 放課後こどもクラブ (07a) as dated facts. A period of support.
create or replace temp macro event_after_school_club(as_of) as table
with
source as (
    select * from known_after_school_club
),
labelled as (
    select
        r.*,
        case r.end_reason
            when '1' then '満了'
            when '2' then '自己都合'
            when '3' then '滞納'
            when '4' then '転出'
            when '9' then 'その他'
        end as end_reason_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.started_on as occurred_on,
        r.ended_on as ended_on,
        r.recorded_on,
        'クラブ' as kind,
        '放課後こどもクラブ' || case when r.ended_on <= as_of then '（退会：' || coalesce(r.end_reason_label, '事由の記録なし') || '）' else '' end as title,
        '滞納 ' || nullif(r.arrears_months, 0) || 'か月' as detail,
        case when r.end_reason = '3' then 2 when r.arrears_months > 0 then 1 else 0 end as grade,
        true as is_support
    from labelled as r
)
select * from final;
