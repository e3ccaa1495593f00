-- shared_dwelling: pairs of household and door where two or more households share one door (世帯分離).
-- A door is address and 方書 in the key of kodomo.normalize.same_dwelling_key (table dwelling). Without 方書 it
-- must be a full number (番 and 号); more than 12 people behind one door is a facility or a block of flats
-- without room numbers, and its households stay apart.
create or replace temp macro shared_dwelling() as table
with residents as (
    select household_id, address, coalesce(address_detail, '') as address_detail from resident
),
doors as (
    select address, address_detail, door from dwelling
),
behind as (
    select doors.door, residents.household_id, count(*) as people
    from residents
    inner join doors on doors.address = residents.address and doors.address_detail = residents.address_detail
    where doors.door <> ''
    group by doors.door, residents.household_id
),
shared as (
    select door
    from behind
    group by door
    having count(*) > 1
        and sum(people) <= 12
        and (door not like '%|' or regexp_matches(door, '\|[0-9]+\|[0-9]+\|$'))
),
final as (
    select household_id, door from behind
    where door in (select door from shared)
    order by door, household_id
)
select * from final;
