-- events: the events behind alarms, with both dates. Parameter: $event_ids. A person is named only by whose it is.
with
events as (
    select * from event
),
final as (
    select event_id, resident_id, department_code, title, occurred_on, ended_on, recorded_on
    from events
    where event_id in (select unnest($event_ids::varchar[]))
)
select * from final
order by occurred_on desc, event_id, resident_id;
