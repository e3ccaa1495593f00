-- rule_renotified: after a 要対協 case was closed (within 24 months) came a new 通告, an abuse consultation or a new 登載,
-- and it became known lately.
create or replace temp macro worsening_rule_renotified(as_of, days) as table
with
closed as (
    select person_id as resident_id, ended_on as closed_on, consultation_id
    from known_council_case
    where person_id is not null and ended_on <= as_of::date and ended_on > as_of::date - to_months(24)
),
opened as (
    select person_id as resident_id, consultation_id, min(started_on) as opened_on
    from known_council_case
    where person_id is not null
    group by all
),
events as (
    select * from event
    where
        recorded_on > as_of::date - days
        and (
            (extract = 'guidance_center_case' and grade = 3)
            or (extract = 'consultation' and grade >= 2 and title like '%虐待%')
            or (extract = 'consultation' and grade >= 2 and title like '%ネグレクト%')
        )
),
cases as (
    select opened.resident_id, opened.opened_on, events.event_id, events.recorded_on
    from opened
    inner join event as events
        on
            opened.resident_id = events.resident_id
            and events.extract = 'council_case'
            and events.occurred_on = opened.opened_on
    where events.recorded_on > as_of::date - days
),
again as (
    select resident_id, occurred_on, recorded_on, event_id from events
    union
    select resident_id, opened_on, recorded_on, event_id from cases
),
final as (
    select
        again.resident_id,
        max(again.occurred_on) as happened_on,
        max(again.recorded_on) as known_on,
        list(distinct again.event_id order by again.event_id)[1:3] as event_ids
    from again
    inner join closed on again.resident_id = closed.resident_id and again.occurred_on > closed.closed_on
    group by again.resident_id
)
select * from final;
