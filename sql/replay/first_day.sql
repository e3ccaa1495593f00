-- The first day worth judging: by then every category has had an event recorded, so its sources had begun.
with
event as (
    select * from replay.outcome_event
),
begun as (
    select category, min(recorded_on) as recorded_on from event group by category
),
final as (
    select max(recorded_on) as first_on from begun
)
select * from final
