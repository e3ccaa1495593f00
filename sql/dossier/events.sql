-- What the departments know of the child and of those it lives with, newest first.
-- {facts} is the access condition over the columns of event.
with

people as (
    select unnest($residents::varchar[]) as resident_id
),

final as (
    select
        event.event_id,
        event.resident_id,
        event.department_code,
        event.extract,
        event.occurred_on,
        event.ended_on,
        event.recorded_on,
        event.kind,
        event.title,
        event.detail,
        event.grade,
        event.is_support
    from event
    inner join people using (resident_id)
    where {facts}
)

select * from final
order by occurred_on desc, event_id, resident_id
