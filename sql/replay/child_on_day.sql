-- The children of one judged day, with what the fairness tables divide by.
with
child as (
    select * from child
),
flag as (
    select
        resident_id,
        bool_or(item = 'single_parent') as single_parent,
        bool_or(item = 'public_assistance') as public_assistance
    from item_value
    where item in ('single_parent', 'public_assistance') and value > 0
    group by resident_id
),
final as (
    select
        $as_of::date as as_of,
        c.resident_id,
        c.living_group,
        c.school_code,
        c.town,
        case c.nationality when '1' then '日本' else '日本以外' end as nationality,
        case c.sex when '1' then '男' when '2' then '女' else '不明' end as sex,
        c.age_band,
        c.known_case,
        coalesce(f.single_parent, false) as single_parent,
        coalesce(f.public_assistance, false) as public_assistance
    from child as c
    left join flag as f on c.resident_id = f.resident_id
)
select * from final order by resident_id
