-- What a kept day should have found: per category, each child with a first event within six months after it, recorded
-- after it, of whom no such event was known in the year before. `days` is how far ahead it lay.
with
child as (
    select * from past_child
    where as_of = $as_of
),
event as (
    select * from outcome_event
),
known as (
    select distinct
        e.category,
        c.place
    from child as c
    inner join event as e on c.resident_id = e.resident_id
    where
        e.recorded_on <= $as_of
        and e.occurred_on <= $as_of
        and e.occurred_on > $as_of - to_months($known_months)
),
later as (
    select
        e.category,
        c.place,
        min(e.occurred_on) as occurred_on
    from child as c
    inner join event as e on c.resident_id = e.resident_id
    where
        e.occurred_on > $as_of
        and e.recorded_on > $as_of
        and e.occurred_on <= $as_of + interval 6 month
    group by e.category, c.place
),
told as (
    select
        coalesce(l.category, k.category) as category,
        coalesce(l.place, k.place) as place,
        k.place is not null as known,
        date_diff('day', $as_of, l.occurred_on) as days
    from later as l
    full join known as k on l.category = k.category and l.place = k.place
),
final as (
    select * from told
)
select * from final order by category, place
