-- now_value: the known items of the given children. Parameter: $residents.
with item_value as (
    select * from item_value
),

final as (
    select
        resident_id,
        item,
        value,
        newest_occurred_on
    from item_value
    where resident_id in (select unnest($residents::varchar[])) and value is not null
    order by resident_id asc, item asc
)

select * from final
