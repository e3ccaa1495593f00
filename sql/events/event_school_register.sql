-- event_school_register: 学齢簿 (06a) as dated facts. Only 居所不明 and 就学免除・猶予; the register itself gives no
-- event.
create or replace temp macro event_school_register(as_of) as table
with
source as (
    select * from known_school_register
),
labelled as (
    select
        r.*,
        case r.status
            when '1' then '在学'
            when '2' then '転出'
            when '3' then '卒業'
            when '4' then '居所不明'
            when '5' then '就学免除・猶予'
        end as status_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.recorded_on as occurred_on,
        null::date as ended_on,
        r.recorded_on,
        '就学' as kind,
        '学齢簿：' || r.status_label as title,
        null as detail,
        case when r.status = '4' then 3 else 1 end as grade,
        false as is_support
    from labelled as r
    where r.status in ('4', '5')
)
select * from final;
