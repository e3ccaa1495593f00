-- Whether the delivery behind each item is alive.
with

final as (
    select item, state
    from item_status
)

select * from final
order by item
