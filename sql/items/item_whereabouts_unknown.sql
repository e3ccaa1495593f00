-- whereabouts_unknown: the register of school-age children says 居所不明 (就学状況 4).
-- Unit 有無 (1). Window: the current register.
-- Why: nobody knows where a child of school age is; checked first, always.
create or replace macro item_whereabouts_unknown(as_of) as table
with
children as (
    select resident_id from child
),
school_register as (
    select * from known_school_register where status = '4'
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('school_register', school_register.record_key, school_register.recorded_on) as event_ids,
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
