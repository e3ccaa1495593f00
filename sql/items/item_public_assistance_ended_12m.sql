-- public_assistance_ended_12m: 1 when 生活保護 of the child or a guardian ended by 辞退, 失踪 or その他 and
-- nobody of them receives it now.
-- Unit 有無. Window: 廃止日 in the 12 months up to the day. Source: 生活保護. 自立, 転出 and 死亡 are left out.
create or replace temp macro item_public_assistance_ended_12m(as_of) as table
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
    select resident_id from periods where ended_on is null or ended_on > as_of::date
),
ended as (
    select * from periods
    where
        ended_on > months_ago(as_of, 12)
        and ended_on <= as_of::date
        and end_reason in ('3', '4', '9')
        and resident_id not in (select resident_id from running)
),
final as (
    select
        resident_id,
        1 as value,
        count(distinct record_key) as events,
        newest_ids('public_assistance', record_key, ended_on) as event_ids,
        max(ended_on) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from ended
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
