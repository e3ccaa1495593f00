-- wants_to_talk_30d: times the child ticked that it wants to talk to somebody in the last 30 days.
-- Unit 回; 0 when it answered and did not tick. Window 30 days with as_of; no answer to the question at all is
-- 不明.
-- Why: a child's own words always go to a person, so a single answer is enough.
create or replace temp macro item_wants_to_talk_30d(as_of) as table
with
children as (
    select resident_id from child
),
mood_check as (
    select * from known_mood_check where occurred_on > as_of::date - 30 and occurred_on <= as_of::date
),
final as (
    select
        children.resident_id,
        count(*) filter (where mood_check.wants_to_talk) as value,
        count(*) filter (where mood_check.wants_to_talk) as events,
        coalesce(
            list('mood_check:' || mood_check.record_key order by mood_check.occurred_on desc, mood_check.record_key)
            filter (where mood_check.wants_to_talk),
            []::varchar[]
        )[1:5] as event_ids,
        coalesce(
            max(mood_check.occurred_on) filter (where mood_check.wants_to_talk), max(mood_check.occurred_on)
        ) as newest_occurred_on,
        max(mood_check.recorded_on) as newest_recorded_on
    from mood_check
    inner join children on mood_check.person_id = children.resident_id
    group by children.resident_id
    having count(mood_check.wants_to_talk) > 0
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
