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
school_health as (
    select *
    from known_school_health
    where height_cm is not null and examined_on > months_ago(as_of, 48) and examined_on <= as_of::date
),
compared as (
    select
        *,
        lag(height_cm) over course as earlier_height_cm,
        lag(examined_on) over course as earlier_on,
        row_number() over (partition by person_id order by examined_on desc, record_key desc) as checks_back
    from school_health
    where person_id is not null
    window course as (partition by person_id order by examined_on, record_key)
),
judged as (
    select *, case when (height_cm - earlier_height_cm) * 365.25 / (examined_on - earlier_on) < 2 then 1 else 0 end as value
    from compared
    where
        checks_back = 1
        and examined_on > months_ago(as_of, 18)
        and earlier_on > months_ago(examined_on, 30)
        and examined_on - earlier_on >= 180
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
