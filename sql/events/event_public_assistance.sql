-- event_public_assistance: 生活保護 (02a) as dated facts. A period of support; an end by 辞退・失踪・その他 is a
-- concern.
create or replace temp macro event_public_assistance(as_of) as table
with
source as (
    select * from known_public_assistance
),
labelled as (
    select
        r.*,
        case r.end_reason
            when '1' then '自立'
            when '2' then '転出'
            when '3' then '辞退'
            when '4' then '失踪'
            when '5' then '死亡'
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
        '生活保護' as kind,
        '生活保護' || case when r.ended_on <= as_of then '（廃止：' || coalesce(r.end_reason_label, '事由の記録なし') || '）' else '' end as title,
        case when r.education_aid then '教育扶助あり' end as detail,
        case when r.ended_on <= as_of and r.end_reason in ('3', '4', '9') then 2 else 0 end as grade,
        true as is_support
    from labelled as r
)
select * from final;
