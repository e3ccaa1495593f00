-- earlier_value: the child's items at the earlier judgement. Parameter: $resident_id.
with earlier_item_value as (
    select * from earlier_item_value
),

final as (
    select
        item,
        value,
        newest_occurred_on
    from earlier_item_value
    where resident_id = $resident_id
    order by item asc
)

select * from final
