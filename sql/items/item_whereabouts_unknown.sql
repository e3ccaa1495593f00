-- whereabouts_unknown: the register of school-age children says 居所不明 (就学状況 4).
-- Unit 有無; 0 when the register has the child with another 就学状況; not in the register is 不明. Window: the current
-- register.
-- Why: nobody knows where a child of school age is; checked first, always.
create or replace temp macro item_whereabouts_unknown(as_of) as table
with
children as (
    select resident_id from child where school_grade between 0 and 9
),
school_register as (
    select *, status = '4' as is_lost from known_school_register
),
final as (
    select
        children.resident_id,
        max(school_register.is_lost::integer) as value,
        count(*) filter (where school_register.is_lost) as events,
        coalesce(
            list('school_register:' || school_register.record_key order by school_register.record_key)
            filter (where school_register.is_lost),
            []::varchar[]
        )[1:5] as event_ids,
        max(school_register.recorded_on) as newest_occurred_on,
        max(school_register.recorded_on) as newest_recorded_on
    from school_register
    inner join children on school_register.person_id = children.resident_id
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
