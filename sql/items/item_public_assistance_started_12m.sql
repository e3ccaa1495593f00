-- public_assistance_started_12m: 1 when 生活保護 of the child or a guardian began and still runs.
-- Unit 有無. Window: 開始日 in the 12 months up to the day. Source: 生活保護.
create or replace temp macro item_public_assistance_started_12m(as_of) as table
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
started as (
    select * from periods
    where started_on > months_ago(as_of, 12) and (ended_on is null or ended_on > as_of::date)
),
final as (
    select
        resident_id,
        1 as value,
        count(distinct record_key) as events,
        newest_ids('public_assistance', record_key, started_on) as event_ids,
        max(started_on) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from started
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
