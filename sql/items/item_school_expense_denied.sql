-- school_expense_denied: the newest application for 就学援助 of the last 12 months was turned down (認定結果 2).
-- Unit 有無 (1). Window 12 months by 申請日.
-- Why: a family that asked for money and got none is short of it and without support.
create or replace temp macro item_school_expense_denied(as_of) as table
with
children as (
    select resident_id from child
),
school_expense_aid as (
    select *
    from known_school_expense_aid
    where applied_on > months_ago(as_of, 12) and applied_on <= as_of::date and decision <> '4'
),
ranked as (
    select *, row_number() over (partition by person_id order by applied_on desc, record_key desc) as decisions_back
    from school_expense_aid
    where person_id is not null
),
final as (
    select
        children.resident_id,
        1 as value,
        1 as events,
        ['school_expense_aid:' || ranked.record_key] as event_ids,
        ranked.applied_on as newest_occurred_on,
        ranked.recorded_on as newest_recorded_on
    from ranked
    inner join children on ranked.person_id = children.resident_id
    where ranked.decisions_back = 1 and ranked.decision = '2'
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
