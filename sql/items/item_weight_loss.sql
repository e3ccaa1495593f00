-- weight_loss: how many kilograms the child weighed less at its newest school check than at the one before; 0
-- when it did not lose.
-- Unit kg, one decimal. Window: newest check of the last 18 months against the child's own check 60 days to 30
-- months before it.
-- Why: children of school age gain every year; losing against one's own course may mean hunger, illness or
-- distress.
create or replace temp macro item_weight_loss(as_of) as table
with
children as (
    select resident_id from child where school_grade between 2 and 9
),
measured as (
    select * from school_measure(as_of, 'weight_kg') where days_between >= 60
),
final as (
    select
        children.resident_id,
        round(greatest(measured.earlier - measured.newest, 0), 1) as value,
        1 as events,
        ['school_health:' || measured.record_key] as event_ids,
        measured.examined_on as newest_occurred_on,
        measured.recorded_on as newest_recorded_on
    from measured
    inner join children on measured.person_id = children.resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
