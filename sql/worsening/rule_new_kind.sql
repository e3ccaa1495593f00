-- rule_new_kind: the child's first concerning event (grade 2 and more) of its kind, known lately. Kinds watched by the
-- chart or by a rule of their own are left out.
create or replace temp macro worsening_rule_new_kind(as_of, days) as table
with
events as (
    select * from event
    where grade >= 2 and extract not in ('attendance', 'mood_check', 'council_case', 'school_health')
),
firsts as (
    select *
    from events
    qualify row_number() over (partition by resident_id, kind order by occurred_on, recorded_on, event_id) = 1
),
final as (
    select
        resident_id,
        max(occurred_on) as happened_on,
        max(recorded_on) as known_on,
        list(event_id order by occurred_on desc, event_id)[1:3] as event_ids
    from firsts
    where recorded_on > as_of::date - days
    group by resident_id
)
select * from final;
