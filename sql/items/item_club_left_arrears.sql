-- club_left_arrears: the child lost its place in the after-school club because fees were not paid (退会事由 3).
-- Unit 有無 (1). Window 12 months by 退会日.
-- Why: money took away a daily place where adults saw the child.
create or replace temp macro item_club_left_arrears(as_of) as table
with
children as (
    select resident_id from child
),
after_school_club as (
    select * from known_after_school_club where started_on <= as_of::date
),
found as (
    select *
    from after_school_club
    where end_reason = '3' and ended_on > months_ago(as_of, 12) and ended_on <= as_of::date
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('after_school_club', found.record_key, found.ended_on) as event_ids,
        max(found.ended_on) as newest_occurred_on,
        max(found.recorded_on) as newest_recorded_on
    from found
    inner join children on found.person_id = children.resident_id
    group by children.resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
