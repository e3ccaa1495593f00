-- sibling_nonattendance: sisters and brothers with 30 days of 不登校欠席 or more in the fiscal year so far.
-- Unit 人; window: months from April of the fiscal year of as_of.
-- Why: staying away often has its reason at home and runs in families; explicit and capped.
create or replace temp macro item_sibling_nonattendance(as_of) as table
with
children as (
    select resident_id from child
),
siblings as (
    select distinct child_id, sibling_id from sibling where child_id <> sibling_id
),
attendance as (
    select *
    from known_attendance
    where month >= fiscal_year_start(as_of) and month <= as_of::date and nonattendance_days > 0
),
absent_long as (
    select
        person_id,
        newest_ids('attendance', record_key, month) as event_ids,
        max(month) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from attendance
    where person_id is not null
    group by person_id
    having sum(nonattendance_days) >= 30
),
final as (
    select
        children.resident_id,
        count(*) as value,
        count(*) as events,
        flatten(
            list(absent_long.event_ids order by absent_long.newest_occurred_on desc, absent_long.person_id)
        )[1:5] as event_ids,
        max(absent_long.newest_occurred_on) as newest_occurred_on,
        max(absent_long.newest_recorded_on) as newest_recorded_on
    from absent_long
    inner join siblings on absent_long.person_id = siblings.sibling_id
    inner join children on siblings.child_id = children.resident_id
    group by children.resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
