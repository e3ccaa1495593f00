-- The item values of the child.
with

final as (
    select item, value, events, event_ids, newest_occurred_on, newest_recorded_on
    from item_value
    where resident_id = $resident_id
)

select * from final
order by item
