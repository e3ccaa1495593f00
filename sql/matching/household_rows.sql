-- The newest row of the register for some residents and for everybody now in their households, by row number: the
-- wide rows are then read by these alone (a city has half a million).
with

register as (
    select
        rowid as row_id,
        resident_id,
        household_id,
        (
            coalesce(seen_to, delivered_on, date '1000-01-01'),
            coalesce(recorded_on, date '1000-01-01'),
            coalesce(delivered_on, date '1000-01-01'),
            receipt_id,
            row_number
        ) as age
    from src_resident_register
),

wanted as (
    select resident_id, household_id from register
    where resident_id in (select unnest($residents::varchar[]))
),

-- Whoever was ever in one of these households, and where they are now.
people as (
    select resident_id from register where household_id in (select household_id from wanted)
),

newest as (
    select resident_id, arg_max(row_id, age) as row_id, arg_max(household_id, age) as household_id
    from register
    where resident_id in (select resident_id from people)
    group by resident_id
),

homes as (
    select household_id from newest where resident_id in (select resident_id from wanted)
),

final as (
    select row_id from newest where household_id in (select household_id from homes)
)

select * from final
order by row_id
