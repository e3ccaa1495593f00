-- One row per child and item that has a value, with the day it was last recorded.
with item_value as (
    select * from item_value
),

meta as (
    select * from meta
),

item_unit as (
    select
        unnest($items::varchar[]) as item,
        unnest($units::varchar[]) as unit
),

final as (
    select
        (select value from meta where key = 'as_of') as as_of,
        v.resident_id,
        v.item,
        v.value,
        coalesce(u.unit, '') as unit,
        v.newest_recorded_on
    from item_value as v
    left join item_unit as u on v.item = u.item
    where v.value is not null
    order by v.resident_id asc, v.item asc
)

select * from final
