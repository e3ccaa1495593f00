-- no_adult: 1 when no other grown-up (18 or older, or of unknown age) lives behind her door. Context only, never alone.
create or replace temp macro expectant_fact_no_adult(as_of) as table
with
entries as (
    select * from expectant_entry where home is not null
),
people as (
    select resident.resident_id, resident.age, coalesce(living_group.living_group, resident.household_id) as home
    from resident
    left join living_group on resident.household_id = living_group.household_id
),
final as (
    select
        entries.entry_id,
        (count(people.resident_id) = 0)::integer::double as value,
        null::date as occurred_on,
        max(entries.recorded_on) as recorded_on,
        case when count(people.resident_id) = 0 then '同居のおとながいない（住民票）' end as detail
    from entries
    left join people
        on entries.home = people.home
        and entries.mother_id <> people.resident_id
        and coalesce(people.age, 18) >= 18
    group by entries.entry_id
)
select * from final order by entry_id;
