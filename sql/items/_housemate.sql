-- housemate(): who lives with each child (世帯番号 or the same address and 方書), the child excepted.
create or replace temp macro housemate() as table
with
children as (
    select resident_id, living_group from child
),
members as (
    select distinct living_group, resident_id from household_member
),
final as (
    select children.resident_id, members.resident_id as housemate_id
    from children
    inner join members on children.living_group = members.living_group
    where members.resident_id <> children.resident_id
)
select * from final;
