-- Why an item is unknown for the child.
with

final as (
    select item, why
    from item_gap
    where resident_id = $resident_id
)

select * from final
order by item
