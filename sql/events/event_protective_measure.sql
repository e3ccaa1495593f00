-- event_protective_measure: 支援措置 (01c) as dated facts. A period until 解除日; 期間終了日 does not end it.
create or replace temp macro event_protective_measure(as_of) as table
with
source as (
    select * from known_protective_measure
),
labelled as (
    select
        r.*,
        case r.kind
            when '1' then 'DV'
            when '2' then 'ストーカー'
            when '3' then '児童虐待'
            when '4' then 'その他'
        end as kind_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.started_on as occurred_on,
        r.lifted_on as ended_on,
        r.recorded_on,
        '支援措置' as kind,
        '支援措置（' || r.kind_label || '）' as title,
        '住所の取り扱いに注意してください' as detail,
        0 as grade,
        false as is_support
    from labelled as r
)
select * from final;
