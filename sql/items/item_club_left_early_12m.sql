-- club_left_early_12m: the child left the after-school club in the middle of the year for its own or another reason
-- (退会事由 2, 9 or none) and is in no club on the day.
-- Unit 有無 (1). Window 12 months by 退会日. Ends in March (the year ends), 満了, 滞納 and 転出 are left out.
-- Why: a daily place where adults saw the child ended early.
create or replace temp macro item_club_left_early_12m(as_of) as table
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
    where
        coalesce(end_reason, '9') in ('2', '9')
        and month(ended_on) <> 3
        and ended_on > months_ago(as_of, 12)
        and ended_on <= as_of::date
        and person_id not in (
            select person_id from after_school_club
            where person_id is not null and (ended_on is null or ended_on > as_of::date)
        )
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
