-- growth_stall: height grew by less than 2 cm a year between the child's last two school checks.
-- Unit 有無; 0 when it grew. Window: newest check of the last 18 months against the one 180 days to 30 months
-- before it; grades 2 to 6 only.
-- Why: primary-school children grow 4 to 8 cm a year; standing still is a known sign of neglect and of illness
-- alike.
create or replace temp macro item_growth_stall(as_of) as table
with
children as (
    select resident_id from child where school_grade between 2 and 6
),
measured as (
    select * from school_measure(as_of, 'height_cm') where days_between >= 180
),
final as (
    select
        children.resident_id,
        case when (measured.newest - measured.earlier) * 365.25 / measured.days_between < 2 then 1 else 0 end as value,
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
