-- Items a category reads, that apply to the child and are unknown.
with unknown as (
    select * from item_unknown
),

category_item as (
    select * from rule_category_item
),

item_value as (
    select * from item_value
),

still_unknown as (
    select distinct
        u.resident_id,
        u.item
    from unknown as u
    anti join item_value as v on u.resident_id = v.resident_id and u.item = v.item and v.value is not null
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
