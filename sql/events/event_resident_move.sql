-- event_resident_move: 住民異動 (01b) as dated facts. Addresses stay out of the text.
create or replace temp macro event_resident_move(as_of) as table
with
source as (
    select * from known_resident_move
),
labelled as (
    select
        r.*,
        case r.move_type
            when '01' then '出生'
            when '02' then '転入'
            when '03' then '転居'
            when '04' then '転出'
            when '05' then '死亡'
            when '06' then '世帯変更'
            when '07' then '氏名変更'
            when '08' then '職権消除'
            when '09' then '国外転入'
        end as move_type_label
    from source as r
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.moved_on as occurred_on,
        null::date as ended_on,
        r.recorded_on,
        '異動' as kind,
        r.move_type_label as title,
        null as detail,
        0 as grade,
        false as is_support
    from labelled as r
)
select * from final;
