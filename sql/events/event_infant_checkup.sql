-- event_infant_checkup: 乳幼児健診 (04b) as dated facts. Attended check-ups on their day; a missed one at the
-- end of its month, once that is two months ago.
create or replace temp macro event_infant_checkup(as_of) as table
with
source as (
    select * from known_infant_checkup
),
labelled as (
    select
        r.*,
        case r.checkup
            when '1' then '4か月児健診'
            when '2' then '1歳6か月児健診'
            when '3' then '3歳6か月児健診'
        end as checkup_label,
        case r.result
            when '1' then '異常なし'
            when '2' then '要観察'
            when '3' then '要精密'
            when '4' then '要治療'
        end as result_label,
        case r.parenting
            when '1' then '良好'
            when '2' then 'やや不安'
            when '3' then '強い不安'
            when '4' then '不適切な養育の疑い'
        end as parenting_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        coalesce(r.attended_on, last_day(r.due_month)) as occurred_on,
        null::date as ended_on,
        r.recorded_on,
        '健診' as kind,
        r.checkup_label || case when r.attended_on is null then '（未受診）' else '' end as title,
        concat_ws('、', r.result_label, '育児状況：' || r.parenting_label, '未処置のむし歯 ' || nullif(r.caries, 0) || '本', '勧奨 ' || nullif(r.reminders, 0) || '回') as detail,
        case
            when r.parenting = '4' then 3
            when r.parenting = '3' or r.caries >= 5 then 2
            when r.attended_on is null or r.parenting = '2' or r.result in ('3', '4') then 1
            else 0
        end as grade,
        false as is_support
    from labelled as r
    where r.attended_on is not null or last_day(r.due_month) + interval 2 month <= as_of
)
select * from final;
