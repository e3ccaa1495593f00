-- Everybody who lives with the child, and how they are related to it where that is known.
with

members as (
    select * from household_member where living_group = $living_group
),

guardians as (
    select guardian_id, any_value(kind) as kind
    from guardian
    where child_id = $resident_id
    group by guardian_id
),

siblings as (
    select distinct sibling_id from sibling where child_id = $resident_id
),

final as (
    select
        members.resident_id,
        members.name,
        members.birth_date,
        members.age,
        members.sex,
        members.relation_text,
        members.role,
        guardians.kind as guardian_kind,
        siblings.sibling_id is not null as is_sibling,
        members.resident_id = $resident_id as is_self
    from members
    left join guardians on members.resident_id = guardians.guardian_id
    left join siblings on members.resident_id = siblings.sibling_id
)

select * from final
order by is_self desc, guardian_kind nulls last, role, birth_date nulls last, resident_id
