-- Children to be found: those of whom nothing was known, with an event within the horizon, by day and category.
-- Only days whose horizon has passed.
with
later as (
    select * from later
),
known as (
    select * from known_before
),
horizon as (
    select * from horizon
),
final as (
    select
        l.as_of,
        l.category,
        h.months,
        l.resident_id
    from later as l
    inner join horizon as h on l.occurred_on <= l.as_of + to_months(h.months)
    anti join known as k on l.as_of = k.as_of and l.category = k.category and l.resident_id = k.resident_id
    where l.as_of + to_months(h.months) <= $until::date
)
select * from final
