-- Items a category reads, that apply to the child and are unknown.
with unknown as (
    select * from item_unknown
),

category_item as (
    select * from rule_category_item
),

value_known as (
    select distinct
        resident_id,
        item
    from item_value
    where value is not null
),

still_unknown as (
    select distinct
        u.resident_id,
        u.item
    from unknown as u
    anti join value_known as k on u.resident_id = k.resident_id and u.item = k.item
),

final as (
    select
        s.resident_id,
        c.category,
        list(s.item order by s.item) as missing
    from still_unknown as s
    inner join category_item as c on s.item = c.item
    group by s.resident_id, c.category
)

select * from final
