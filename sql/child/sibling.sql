-- sibling: children of one living group who share a guardian, one row per child and sibling (both directions).
-- Where no guardian is known, the same household and the same 続柄 chain makes them siblings.
create or replace temp macro sibling_derived() as table
with children as (
    select * from cohabitant where is_child
),
guardians as (
    select * from guardian
),
by_guardian as (
    select distinct a.child_id, b.child_id as sibling_id
    from guardians as a
    join guardians as b on b.guardian_id = a.guardian_id and b.child_id <> a.child_id
),
orphaned as (
    select c.* from children as c
    where c.resident_id not in (select child_id from guardians) and c.chain not like '%X%' and c.chain <> ''
),
by_chain as (
    select a.resident_id as child_id, b.resident_id as sibling_id
    from orphaned as a
    join orphaned as b
        on b.household_id = a.household_id and b.chain = a.chain and b.resident_id <> a.resident_id
),
final as (
    select child_id, sibling_id from by_guardian
    union
    select child_id, sibling_id from by_chain
    order by child_id, sibling_id
)
select * from final;
