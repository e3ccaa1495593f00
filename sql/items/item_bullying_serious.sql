-- bullying_serious: the child is the bullied one in a 重大事態 that is unresolved or was recognised in the last 24
-- months.
-- Unit 有無 (1).
-- Why: いじめ防止対策推進法 28条; its effects on life and schooling outlast the school's case.
create or replace temp macro item_bullying_serious(as_of) as table
with
children as (
    select resident_id from child
),
bullying as (
    select * from known_bullying
),
found as (
    select *
    from bullying
    where
        role = '1'
        and serious
        and occurred_on <= as_of::date
        and (
            occurred_on > months_ago(as_of, 24)
            or (status in ('1', '2') and (resolved_on is null or resolved_on > as_of::date))
        )
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('bullying', found.record_key, found.occurred_on) as event_ids,
        max(found.occurred_on) as newest_occurred_on,
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
