-- council_open: severity of the child's open case in the council for children in need of protection (要対協).
-- Level 1 軽度, 2 中度, 3 重度, 4 最重度 (the highest when several are open). Window: on the day; per 受付番号 the newest
-- 登載日 is the state.
-- A 特定妊婦 case belongs to the mother it was matched to and says nothing of her other children here.
-- Why: already known to the centre; shown beside every reason, and the truth for worsening.
create or replace temp macro item_council_open(as_of) as table
with
children as (
    select resident_id from child
),
council as (
    select * from council_now(as_of) where is_open
),
final as (
    select
        children.resident_id,
        max(council.severity) as value,
        count(*) as events,
        newest_ids('council_case', council.record_key, council.started_on) as event_ids,
        max(council.started_on) as newest_occurred_on,
        max(council.recorded_on) as newest_recorded_on
    from council
    inner join children on council.person_id = children.resident_id
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
