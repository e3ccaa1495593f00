-- earlier_value: the items of the given children at the earlier judgement. Parameter: $residents.
with earlier_item_value as (
    select * from earlier_item_value
),

final as (
    select
        resident_id,
        item,
        value,
        newest_occurred_on
    from earlier_item_value
    where resident_id in (select unnest($residents::varchar[])) and value is not null
    order by resident_id asc, item asc
)

select * from final
