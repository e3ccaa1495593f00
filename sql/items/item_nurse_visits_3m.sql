-- nurse_visits_3m: visits to the school nurse's room lately.
-- Unit 回; 0 when delivered as 0; schools that do not deliver the column stay 不明. Window: the last three
-- delivered months with school days, none older than four months.
-- Why: once or three times a week are the steps of the national screening sheet (文科省 スクリーニング活用ガイド); children
-- bring there what they cannot say.
create or replace temp macro item_nurse_visits_3m(as_of) as table
with
months as (
    select * from attendance_recent(as_of)
),
final as (
    select
        resident_id,
        sum(nurse_visits) as value,
        count(*) filter (where nurse_visits > 0) as events,
        coalesce(arg_min(event_id, place, 5) filter (where nurse_visits > 0), []::varchar[]) as event_ids,
        coalesce(max(month) filter (where nurse_visits > 0), max(month)) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from months
    group by resident_id
    having count(nurse_visits) > 0
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
