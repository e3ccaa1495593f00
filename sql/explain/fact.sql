-- What is known of one child, item by item: a value, or why it is unknown.
with item_value as (
    select * from item_value
    where resident_id = $resident_id
),

item_gap as (
    select * from item_gap
    where resident_id = $resident_id
),

item_status as (
    select * from item_status
),

final as (
    select
        s.item,
        v.value,
        v.newest_occurred_on,
        s.state,
        g.why
    from item_status as s
    left join item_value as v on s.item = v.item
    left join item_gap as g on s.item = g.item
    order by s.item asc
)

select * from final
