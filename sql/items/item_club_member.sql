-- club_member: the child belongs to an after-school club on as_of.
-- Unit 有無 (1). Window: on the day.
-- Why: protective; adults who see the child every day, and a door to the family.
create or replace temp macro item_club_member(as_of) as table
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
    where ended_on is null or ended_on > as_of::date
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('after_school_club', found.record_key, found.started_on) as event_ids,
        max(found.started_on) as newest_occurred_on,
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
