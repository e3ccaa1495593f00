-- shared_dwelling: pairs of household and door where two or more households share one door (世帯分離).
-- A door is address and 方書. Without 方書 it must be a full number (番と号); more than 12 people behind one
-- door is a facility or a block of flats without room numbers, and its households stay apart.
create or replace temp macro shared_dwelling() as table
with residents as (
    select * from resident
),
doors as (
    select
        address,
        coalesce(address_detail, '') as detail,
        household_id,
        count(*) as people
    from residents
    where address is not null
    group by address, coalesce(address_detail, ''), household_id
),
keyed as (
    select
        dwelling_text(address) as address_key,
        dwelling_text(detail) as detail_key,
        household_id,
        people
    from doors
),
shared as (
    select address_key, detail_key
    from keyed
    group by address_key, detail_key
    having count(distinct household_id) > 1
        and sum(people) <= 12
        and (detail_key <> '' or regexp_matches(address_key, '[0-9]+-[0-9]+$'))
),
final as (
    select distinct k.household_id, k.address_key || '/' || k.detail_key as door
    from keyed as k
    join shared as s on s.address_key = k.address_key and s.detail_key = k.detail_key
    order by door, k.household_id
)
select * from final;
