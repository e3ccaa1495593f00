-- checkup_missed_42m: the 3歳6か月児健診 fell due while the child lived here and has not been attended.
-- Unit 有無; 0 when attended. Window: until school entry; 対象年月 ended two months ago or more. A row recorded later
-- with a 受診日 clears it; due before the child moved here, or not yet due, is no row (不明).
-- Why: each stage is missed for reasons of its own; the youngest cannot be seen anywhere else.
create or replace temp macro item_checkup_missed_42m(as_of) as table
with
children as (
    select resident_id, resident_since from child where coalesce(school_grade < 1, age <= 5)
),
checkups as (
    select
        children.resident_id, checkup.checkup, checkup.due_month, checkup.attended_on, checkup.result,
        checkup.caries, checkup.parenting, checkup.reminders, checkup.record_key, checkup.recorded_on
    from known_infant_checkup as checkup
    inner join children on checkup.person_id = children.resident_id
    where
        checkup.checkup = '3'
        and last_day(checkup.due_month) <= months_ago(as_of, 2)
        and children.resident_since <= last_day(checkup.due_month)
),
final as (
    select
        resident_id,
        max((attended_on is null)::integer) as value,
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
