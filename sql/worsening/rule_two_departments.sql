-- rule_two_departments: concerning events (grade 2 and more) of two departments within 30 days of each other, the
-- newer of which became known lately. Children answer the mood check daily and attendance is monthly; these are
-- watched by the chart and make no pair by themselves.
create or replace temp macro worsening_rule_two_departments(as_of, days) as table
with
events as (
    select * from event
    where
        grade >= 2
        and extract not in ('attendance', 'mood_check', 'school_health', 'health_insurance', 'council_case')
        and occurred_on > as_of::date - 180
),
pairs as (
    select
        later.resident_id,
        later.occurred_on,
        later.recorded_on,
        later.event_id as later_id,
        earlier.event_id as earlier_id,
        greatest(later.recorded_on, earlier.recorded_on) as known_on
    from events as later
    inner join events as earlier
        on
            later.resident_id = earlier.resident_id
            and later.department_code <> earlier.department_code
            and earlier.occurred_on between later.occurred_on - 30 and later.occurred_on
    where greatest(later.recorded_on, earlier.recorded_on) > as_of::date - days
),
final as (
    select
        resident_id,
        max(occurred_on) as happened_on,
        max(known_on) as known_on,
        arg_max([later_id, earlier_id], (occurred_on, later_id, earlier_id)) as event_ids
    from pairs
    group by resident_id
)
select * from final;
