-- public_assistance: 1 when the child, or a guardian living with it, receives 生活保護.
-- Unit 有無. Window: on the day (開始日 reached, 廃止日 not). Source: 生活保護. The 保護世帯 need not be the household
-- of the register; a grandparent alone on 生保 does not count.
create or replace temp macro item_public_assistance(as_of) as table
with
children as (
    select resident_id from child
),
family as (
    select resident_id, resident_id as member_id from children
    union
    select child_id, guardian_id from guardian
),
periods as (
    select family.resident_id, aid.* exclude (resident_id)
    from known_public_assistance as aid
    inner join family on aid.person_id = family.member_id
    where aid.started_on <= as_of::date
),
running as (
    select * from periods where ended_on is null or ended_on > as_of::date
),
final as (
    select
        resident_id,
        1 as value,
        count(distinct record_key) as events,
        newest_ids('public_assistance', record_key, started_on) as event_ids,
        max(started_on) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from running
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
