-- sleep_low_share_30d: share of the child's answers about sleep that say it slept badly (睡眠 1 or 2) in the
-- last 30 days.
-- Unit %, one decimal; 0 when none was low. Window 30 days with as_of; fewer than three answers about sleep
-- are 不明.
-- Why: bad sleep goes with trouble at home, night-time care and screens alike; a reason to ask, not a finding.
create or replace temp macro item_sleep_low_share_30d(as_of) as table
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
        round(100.0 * count(*) filter (where mood_check.sleep <= 2) / nullif(count(mood_check.sleep), 0), 1) as value,
        count(*) filter (where mood_check.sleep <= 2) as events,
        coalesce(
            list('mood_check:' || mood_check.record_key order by mood_check.occurred_on desc, mood_check.record_key)
            filter (where mood_check.sleep <= 2),
            []::varchar[]
        )[1:5] as event_ids,
        coalesce(
            max(mood_check.occurred_on) filter (where mood_check.sleep <= 2), max(mood_check.occurred_on)
        ) as newest_occurred_on,
        max(mood_check.recorded_on) as newest_recorded_on
    from mood_check
    inner join children on mood_check.person_id = children.resident_id
    group by children.resident_id
    having count(mood_check.sleep) >= 3
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
