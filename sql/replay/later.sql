-- What came later: for each judged day, child and category the first event within 12 months.
-- It happened after that day and was recorded after that day, for a child who was on that day's register.
with
child as (
    select * from child_day
),
event as (
    select * from outcome_event
),
final as (
    select
        c.as_of,
        e.category,
        c.resident_id,
        min(e.occurred_on) as occurred_on
    from child as c
    inner join event as e on c.resident_id = e.resident_id
    where
        e.occurred_on > c.as_of
        and e.recorded_on > c.as_of
        and e.occurred_on <= c.as_of + interval 12 month
    group by c.as_of, e.category, c.resident_id
)
select * from final
