-- cohabitant: everybody in a living group with at least one child, one row per resident.
-- Source: resident and living_group (households at one door count as one).
create or replace temp macro cohabitant_of_children() as table
with residents as (
    select * from resident
),
merged as (
    select * from living_group
),
grouped as (
    select
        r.resident_id, r.household_id, coalesce(m.living_group, r.household_id) as living_group,
        r.name, r.relation, r.chain, r.sex, r.birth_date, r.born_from, r.born_to, r.age, r.is_child,
        r.recorded_on
    from residents as r
    left join merged as m on m.household_id = r.household_id
),
with_children as (
    select distinct living_group from grouped where is_child
),
final as (
    select g.* from grouped as g
    where g.living_group in (select living_group from with_children)
    order by g.living_group, g.born_from, g.resident_id
)
select * from final;
