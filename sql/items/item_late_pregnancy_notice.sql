-- late_pregnancy_notice: weeks of pregnancy at which the pregnancy with this child was notified; 22 or
-- more means late care.
-- Unit 週. Window: none (the pregnancy of this child). Source: 妊娠届 with 児宛名番号 filled in; no row when
-- none is known (born elsewhere, or never notified): 不明.
create or replace temp macro item_late_pregnancy_notice(as_of) as table
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
final as (
    select
        resident_id,
        arg_max(weeks, (notified_on, record_key)) as value,
        count(*) as events,
        newest_ids('pregnancy', record_key, notified_on) as event_ids,
        max(notified_on) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from notices
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
