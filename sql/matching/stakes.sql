-- What hangs on each record of the person extracts: stake 3 where 虐待, 児相, 要対協 or 自傷 hang on it, and how many
-- further rows follow it to its resident. For the order of asking only; it is never shown.
-- Codes: こども家庭相談受付 相談種別 11–14 (虐待), 生徒指導 種別 4 (自傷・希死念慮).
with

links as (
    select extract, record_key from link
    where list_contains($extracts::varchar[], extract) and (
        list_contains($statuses::varchar[], status) or list_contains($keys::varchar[], extract || '|' || record_key)
    )
),

abuse as (
    select distinct 'consultation' as extract, record_key from src_consultation
    where kind in ('11', '12', '13', '14')
    union
    select distinct 'consultation', consultation_id from src_council_case
),

self_harm as (
    select distinct 'pupil_roster' as extract, pupil_id as record_key from src_guidance where kind = '4'
),

followers as (
    select 'pupil_roster' as extract, pupil_id as record_key, count(*) as n from src_attendance
    where pupil_id in (select record_key from links where extract = 'pupil_roster') group by all
    union all
    select 'pupil_roster' as extract, pupil_id as record_key, count(*) as n from src_bullying
    where pupil_id in (select record_key from links where extract = 'pupil_roster') group by all
    union all
    select 'pupil_roster' as extract, pupil_id as record_key, count(*) as n from src_guidance
    where pupil_id in (select record_key from links where extract = 'pupil_roster') group by all
    union all
    select 'pupil_roster' as extract, pupil_id as record_key, count(*) as n from src_mood_check
    where pupil_id in (select record_key from links where extract = 'pupil_roster') group by all
    union all
    select 'school_register' as extract, school_register_id as record_key, count(*) as n from src_school_health
    where school_register_id in (select record_key from links where extract = 'school_register') group by all
    union all
    select 'consultation' as extract, consultation_id as record_key, count(*) as n from src_contact_log
    where consultation_id in (select record_key from links where extract = 'consultation') group by all
),

following as (
    select extract, record_key, sum(n)::integer as n from followers group by extract, record_key
),

final as (
    select
        l.extract,
        l.record_key,
        case
            when l.extract = 'guidance_center_case' or a.record_key is not null or s.record_key is not null then 3
            when l.extract = 'consultation' then 2
            else 1
        end as stake,
        coalesce(f.n, 0) as following
    from links as l
    left join abuse as a on a.extract = l.extract and a.record_key = l.record_key
    left join self_harm as s on s.extract = l.extract and s.record_key = l.record_key
    left join following as f on f.extract = l.extract and f.record_key = l.record_key
    order by l.extract, l.record_key
)

select * from final
