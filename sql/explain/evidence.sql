-- evidence: the three dates of the given events. Parameter: $event_ids.
with event as (
    select * from event
),

final as (
    select
        event_id,
        min(occurred_on) as occurred_on,
        max(ended_on) as ended_on,
        max(recorded_on) as recorded_on
    from event
    where event_id in (select unnest($event_ids::varchar[]))
    group by event_id
    order by event_id asc
)

select * from final
