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
school_health as (
    select *
    from known_school_health
    where weight_kg is not null and examined_on > months_ago(as_of, 48) and examined_on <= as_of::date
),
compared as (
    select
        *,
        lag(weight_kg) over course as earlier_weight_kg,
        lag(examined_on) over course as earlier_on,
        row_number() over (partition by person_id order by examined_on desc, record_key desc) as checks_back
    from school_health
    where person_id is not null
    window course as (partition by person_id order by examined_on, record_key)
),
judged as (
    select *, round(greatest(earlier_weight_kg - weight_kg, 0), 1) as value
    from compared
    where
        checks_back = 1
        and examined_on > months_ago(as_of, 18)
        and earlier_on > months_ago(examined_on, 30)
        and examined_on - earlier_on >= 60
),
final as (
    select
        children.resident_id,
        judged.value,
        1 as events,
        ['school_health:' || judged.record_key] as event_ids,
        judged.examined_on as newest_occurred_on,
        judged.recorded_on as newest_recorded_on
    from judged
    inner join children on judged.person_id = children.resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
