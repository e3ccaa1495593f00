-- One row per child and item the rules read: the value, or minus infinity where it is unknown.
-- A value always wins over "unknown"; what has no row at all is 0.
with read_item as (
    select * from rule_read_item
),

item_value as (
    select * from item_value
),

unknown as (
    select * from item_unknown
),

known_cell as (
    select
        v.resident_id,
        r.item_no,
        round(v.value, 4) as value,
        v.newest_occurred_on
    from item_value as v
    inner join read_item as r on v.item = r.item
    where v.value is not null
),

unknown_cell as (
    select
        u.resident_id,
        r.item_no,
        '-infinity'::double as value,
        null::date as newest_occurred_on
    from unknown as u
    inner join read_item as r on u.item = r.item
),

final as (
    select * from known_cell
    union all
    select * from unknown_cell
)

select * from final
