-- rule_grave: a grave event (grade 3) that became known lately. Months of attendance are watched by the chart instead,
-- the rows of 要対協 by rule_severity_up.
create or replace temp macro worsening_rule_grave(as_of, days) as table
with
events as (
    select * from event
    where grade = 3 and extract not in ('attendance', 'council_case') and recorded_on > as_of::date - days
),
final as (
    select
        resident_id,
        max(occurred_on) as happened_on,
        max(recorded_on) as known_on,
        list(event_id order by occurred_on desc, event_id)[1:3] as event_ids
    from events
    group by resident_id
)
select * from final;
