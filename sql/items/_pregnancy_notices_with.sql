-- pregnancy_notices_with(as_of, field, codes): evidence rows of the children whose 妊娠届 (児宛名番号 filled
-- in) says one of the codes; value 1.
-- field: 'support_class' (支援区分) or 'marital' (婚姻状況).
create or replace temp macro pregnancy_notices_with(as_of, field, codes) as table
with
children as (
    select resident_id from child
),
notices as (
    select children.resident_id, notice.record_key, notice.notified_on, notice.recorded_on
    from known_pregnancy as notice
    inner join children on notice.child_id = children.resident_id
    where
        notice.notified_on <= as_of::date
        and case field
            when 'support_class' then notice.support_class
            when 'marital' then notice.marital
        end in codes
),
final as (
    select
        resident_id,
        1 as value,
        count(distinct record_key) as events,
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
