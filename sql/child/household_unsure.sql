-- household_unsure: children whose household on `as_of` cannot be told, one row each: they, or somebody who by 世帯番号, by
-- the address they moved from, or as a guardian may have lived with them, stand in `rerecorded`.
-- Without this, a parent who moved out a year later would be missing a year before: a leak from the future.
-- Source: 住民基本台帳, 旧住所 of 住民異動 (any row: it tells where somebody lived, and is used for nothing else),
-- 児童手当, 児童扶養手当, 妊娠届.
create or replace temp macro household_unsure_children() as table
with people as (
    select * from cohabitant
),
children as (
    select resident_id, household_id, living_group from people where is_child
),
later as (
    select resident_id, household_id from rerecorded
),
left_from as (
    select distinct m.old_address as address
    from src_resident_move as m
    inner join later as l on m.resident_id = l.resident_id
    where m.old_address is not null
),
unsure_group as (
    select p.living_group from people as p
    inner join later as l on p.household_id = l.household_id
    union
    select p.living_group from people as p
    inner join resident as r on p.resident_id = r.resident_id
    inner join left_from as f on r.address = f.address
),
named as (
    select resident_id as child_id, guardian_id from known_child_allowance
    union
    select resident_id, guardian_id from known_child_rearing_allowance
    union
    select child_id, mother_id from known_pregnancy where child_id is not null
),
final as (
    select resident_id from children where living_group in (select living_group from unsure_group)
    union
    select n.child_id from named as n
    inner join later as l on n.guardian_id = l.resident_id
    inner join children as c on n.child_id = c.resident_id
    union
    select c.resident_id from children as c
    inner join later as l on c.resident_id = l.resident_id
)
select * from final;
