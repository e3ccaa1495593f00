-- Children of whom an event of the category in the months before was known on the judged day.
with
day as (
    select as_of from judged_day
),
event as (
    select * from outcome_event
),
final as (
    select distinct
        d.as_of,
        e.category,
        e.resident_id
    from day as d
    inner join event as e
        on e.recorded_on <= d.as_of and e.occurred_on <= d.as_of
        and e.occurred_on > d.as_of - to_months($known_months)
)
select * from final
