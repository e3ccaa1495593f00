-- What is known of every child in scope, item by item: the value and its newest day, or that it is unknown.
-- A value always wins over "unknown"; what has no row at all is 0, as in sql/judge/cell.sql. `place` counts the
-- children in scope by resident number from 0, `item_no` the items of the list from 1.
with child as (
    select
        resident_id,
        row_number() over (order by resident_id) - 1 as place
    from child
    where {scope}
),

item_value as (
    select * from item_value
    where value is not null
),

unknown as (
    select
        resident_id,
        item
    from item_gap
    {unknown}
),

found as (
    select
        v.resident_id,
        list_position($items::varchar[], v.item) as item_no,
        round(v.value, 4) as value,
        v.newest_occurred_on
    from item_value as v
),

missing as (
    select
        u.resident_id,
        list_position($items::varchar[], u.item) as item_no,
        null::double as value,
        null::date as newest_occurred_on
    from unknown as u
    anti join item_value as v on u.resident_id = v.resident_id and u.item = v.item
),

told as (
    select * from found
    union all
    select * from missing
),

final as (
    select
        t.item_no::smallint as item_no,
        c.place::integer as place,
        coalesce(t.value, 'nan'::double) as value,
        coalesce(date_diff('day', date '1970-01-01', t.newest_occurred_on), -2147483648)::integer as newest
    from told as t
    inner join child as c on t.resident_id = c.resident_id
    where t.item_no is not null
)

select * from final
order by item_no, place
