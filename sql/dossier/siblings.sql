-- Brothers and sisters who are children themselves, with the highest level of each.
with

siblings as (
    select distinct sibling_id from sibling where child_id = $resident_id
),

children as (
    select * from child where {scope} and resident_id in (select sibling_id from siblings)
),

standing as (
    select
        judgement.resident_id,
        max(judgement.level) as level,
        min(judgement.rank) as rank
    from judgement
    where judgement.resident_id in (select sibling_id from siblings)
    group by judgement.resident_id
),

final as (
    select
        children.resident_id,
        children.child_ref,
        children.name,
        children.kana,
        children.sex,
        children.age,
        children.birth_date,
        children.school_grade,
        children.school_name,
        children.council_open,
        children.in_care,
        standing.level,
        standing.rank
    from siblings
    inner join children on siblings.sibling_id = children.resident_id
    left join standing on children.resident_id = standing.resident_id
)

select * from final
order by birth_date nulls last, resident_id
