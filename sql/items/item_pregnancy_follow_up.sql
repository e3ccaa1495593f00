-- pregnancy_follow_up: 1 when the mother was 要フォロー (not 特定妊婦) while pregnant with this child.
-- Unit 有無. Window: none (the pregnancy of this child). Source: 妊娠届, 支援区分 1, with 児宛名番号 filled in.
create or replace temp macro item_pregnancy_follow_up(as_of) as table
with
children as (
    select resident_id from child
),
notices as (
    select
        children.resident_id, notice.weeks, notice.marital, notice.support_class,
        notice.record_key, notice.notified_on, notice.recorded_on
    from known_pregnancy as notice
    inner join children on notice.child_id = children.resident_id
    where notice.notified_on <= as_of::date
),
found as (
    select * from notices where support_class = '1'
),
final as (
    select
        resident_id,
        1 as value,
        count(distinct record_key) as events,
        newest_ids('pregnancy', record_key, notified_on) as event_ids,
        max(notified_on) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from found
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
