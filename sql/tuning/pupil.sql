-- The children in scope as the preview holds them: who they are, where they stand, and the groups they belong to.
with child as (
    select * from child
    where {scope}
),

judgement as (
    select * from judgement
),

ranked as (
    select
        resident_id,
        max(rank) as rank
    from judgement
    group by resident_id
),

final as (
    select
        c.resident_id,
        coalesce(c.age_band, '') as age_band,
        coalesce(c.known_case, false) as known_case,
        r.rank,
        coalesce(nullif(c.school_name, ''), '就学前・市立校の名簿にない') as school,
        coalesce(c.town, '') as town,
        case c.nationality when '1' then '日本' else '日本以外' end as nationality,
        case c.sex when '1' then '男' when '2' then '女' else '不明' end as sex
    from child as c
    left join ranked as r on c.resident_id = r.resident_id
    order by c.resident_id asc
)

select * from final
