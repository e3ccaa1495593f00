-- event_pregnancy: 妊娠届 (04a) as dated facts. Belongs to the child once 児宛名番号 is filled in, to the mother
-- until then.
create or replace temp macro event_pregnancy(as_of) as table
with
source as (
    select * from known_pregnancy
),
labelled as (
    select
        r.*,
        case r.support_class
            when '0' then '通常'
            when '1' then '要フォロー'
            when '2' then '特定妊婦'
        end as support_class_label,
        case r.marital
            when '1' then '既婚'
            when '2' then '未婚'
            when '3' then '離別'
            when '9' then '不明'
        end as marital_label
    from source as r
),
final as (
    select
        coalesce(r.child_id, r.mother_id) as resident_id,
        r.record_key,
        r.notified_on as occurred_on,
        null::date as ended_on,
        r.recorded_on,
        '妊娠届' as kind,
        '妊娠届（' || r.weeks || '週）' as title,
        concat_ws('、', r.support_class_label, r.marital_label) as detail,
        case when r.support_class = '2' or r.weeks >= 22 then 2 when r.support_class = '1' then 1 else 0 end as grade,
        false as is_support
    from labelled as r
)
select * from final;
