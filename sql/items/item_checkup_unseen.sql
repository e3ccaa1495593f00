-- checkup_unseen: days since the first month of a missed check-up that is still open, when nobody of the city has met
-- the child face to face since that month ended.
-- Unit 日; 0 when no due check-up is missed, or when somebody met the child since (対応記録 with the child, newborn
-- visit, a later check-up, 通所支援 and the like: child.last_seen_on). Window: as in checkup_missed.
-- Why: a missed check-up that a visit has followed is closed; one nobody followed is the worry.
create or replace temp macro item_checkup_unseen(as_of) as table
with
children as (
    select resident_id, resident_since, last_seen_on from child where coalesce(school_grade < 1, age <= 5)
),
checkups as (
    select
        children.resident_id, children.last_seen_on, checkup.due_month, checkup.attended_on, checkup.record_key,
        checkup.recorded_on
    from known_infant_checkup as checkup
    inner join children on checkup.person_id = children.resident_id
    where
        last_day(checkup.due_month) <= months_ago(as_of, 2)
        and children.resident_since <= last_day(checkup.due_month)
),
final as (
    select
        resident_id,
        coalesce(
            max(as_of::date - due_month) filter (
                where attended_on is null and coalesce(last_seen_on <= last_day(due_month), true)
            ),
            0
        ) as value,
        count(*) filter (where attended_on is null) as events,
        coalesce(
            list('infant_checkup:' || record_key order by due_month desc, record_key)
            filter (where attended_on is null),
            []::varchar[]
        )[1:5] as event_ids,
        max(due_month) filter (where attended_on is null) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from checkups
    group by resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
