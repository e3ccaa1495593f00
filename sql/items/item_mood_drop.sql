-- mood_drop: how far the child's mean mood of the last 30 days lies below its own mean of the 90 days before.
-- Unit 点 on the scale of 1 to 5, two decimals; 0 when it did not fall. At least three answers in the window
-- and five before it, else 不明.
-- Why: children use the scale differently; the fall against one's own past tells more than a low answer.
create or replace temp macro item_mood_drop(as_of) as table
with
children as (
    select resident_id from child
),
mood_check as (
    select *, occurred_on > as_of::date - 30 as is_recent
    from known_mood_check
    where occurred_on > as_of::date - 120 and occurred_on <= as_of::date
),
final as (
    select
        children.resident_id,
        round(
            greatest(
                avg(mood_check.mood) filter (where not mood_check.is_recent)
                - avg(mood_check.mood) filter (where mood_check.is_recent),
                0
            ),
            2
        ) as value,
        count(*) filter (where mood_check.is_recent and mood_check.mood <= 2) as events,
        coalesce(
            list('mood_check:' || mood_check.record_key order by mood_check.occurred_on desc, mood_check.record_key)
            filter (where mood_check.is_recent and mood_check.mood <= 2),
            []::varchar[]
        )[1:5] as event_ids,
        max(mood_check.occurred_on) as newest_occurred_on,
        max(mood_check.recorded_on) as newest_recorded_on
    from mood_check
    inner join children on mood_check.person_id = children.resident_id
    group by children.resident_id
    having
        count(*) filter (where mood_check.is_recent) >= 3
        and count(*) filter (where not mood_check.is_recent) >= 5
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
