-- Children to be found: an event within the horizon, by day, category and population.
-- population 'new' leaves out those of whom such an event was already known; only days whose horizon has passed.
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
within as (
    select
        l.as_of,
        l.category,
        h.months,
        l.resident_id
    from later as l
    inner join horizon as h on l.occurred_on <= l.as_of + to_months(h.months)
    where l.as_of + to_months(h.months) <= $until::date
),
final as (
    select w.*, 'all' as population from within as w
    union all
    select w.*, 'new' as population from within as w
    anti join known as k on w.as_of = k.as_of and w.category = k.category and w.resident_id = k.resident_id
)
select * from final
