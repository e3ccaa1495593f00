-- Lead time: for the first event of a child and category, the days since the first month-end, in the 12 months before
-- it, at which the list stood at 注意 or above; null where it never did. No child is named.
-- Only events with 12 judged months before them, none of the same category in the 12 months before that were known.
with
event as (
    select * from outcome_event
),
first_event as (
    select e.*
    from event as e
    where not exists (
        select 1 from event as b
        where
            b.resident_id = e.resident_id and b.category = e.category and b.occurred_on < e.occurred_on
            and b.occurred_on > e.occurred_on - to_months($known_months)
    )
    qualify row_number() over (
        partition by e.resident_id, e.category order by e.occurred_on, e.recorded_on, e.kind
    ) = 1
),
measured as (
    select *
    from first_event
    where occurred_on >= (select min(as_of) from judged_day) + interval 12 month and occurred_on <= $until::date
),
seen as (
    select e.resident_id, e.category, count(*) as days
    from measured as e
    inner join child_day as c
        on e.resident_id = c.resident_id and c.as_of < e.occurred_on and c.as_of < e.recorded_on
        and c.as_of >= e.occurred_on - interval 12 month
    group by e.resident_id, e.category
),
listed as (
    select e.resident_id, e.category, min(s.as_of) as as_of
    from measured as e
    inner join score as s
        on e.resident_id = s.resident_id and e.category = s.category and s.level >= 2
        and s.as_of < e.occurred_on and s.as_of < e.recorded_on and s.as_of >= e.occurred_on - interval 12 month
    group by e.resident_id, e.category
),
final as (
    select
        e.category,
        e.kind,
        date_diff('day', l.as_of, e.occurred_on) as days
    from measured as e
    inner join seen as d on e.resident_id = d.resident_id and e.category = d.category
    left join listed as l on e.resident_id = l.resident_id and e.category = l.category
)
select * from final order by category, kind, days
