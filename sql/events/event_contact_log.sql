-- event_contact_log: 対応記録 (12c) as dated facts.
create or replace temp macro event_contact_log(as_of) as table
with
source as (
    select * from known_contact_log
),
labelled as (
    select
        r.*,
        case r.method
            when '1' then '家庭訪問'
            when '2' then '面接'
            when '3' then '電話'
            when '4' then '学校訪問'
            when '5' then '関係機関連絡'
            when '6' then 'メール・SNS'
        end as method_label,
        case r.counterpart
            when '1' then '本人'
            when '2' then '保護者'
            when '3' then '学校'
            when '4' then '保育所・幼稚園'
            when '5' then '医療機関'
            when '6' then 'その他機関'
        end as counterpart_label,
        case r.outcome
            when '1' then '面会・会話できた'
            when '2' then '不在'
            when '3' then '拒否'
            when '4' then '連絡のみ'
        end as outcome_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.occurred_on as occurred_on,
        null::date as ended_on,
        r.recorded_on,
        '対応' as kind,
        r.method_label || '：' || r.outcome_label as title,
        '相手：' || r.counterpart_label as detail,
        case r.outcome when '3' then 2 when '2' then 1 else 0 end as grade,
        r.outcome = '1' as is_support
    from labelled as r
)
select * from final;
