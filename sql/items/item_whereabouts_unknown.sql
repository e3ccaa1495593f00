-- whereabouts_unknown: the register of school-age children says 居所不明 (就学状況 4).
-- Unit 有無; 0 when the register has the child with another 就学状況, or when it was present at school in the last
-- three delivered months; neither is 不明. Window: the current register.
-- Why: nobody knows where a child of school age is; checked first, always. School presence speaks for days
-- before the register's present rows were recorded.
create or replace temp macro item_whereabouts_unknown(as_of) as table
with
children as (
    select resident_id from child where school_grade between 0 and 9
),
school_register as (
    select person_id, record_key, recorded_on, status = '4' as is_lost from known_school_register
),
attendance as (
    select resident_id as person_id, null::varchar as record_key, recorded_on, false as is_lost
    from attendance_recent(as_of)
    where absence < school_days
),
signs as (
    select * from school_register
    union all
    select * from attendance
),
final as (
    select
        children.resident_id,
        max(signs.is_lost::integer) as value,
        count(*) filter (where signs.is_lost) as events,
        coalesce(
            list('school_register:' || signs.record_key order by signs.record_key) filter (where signs.is_lost),
            []::varchar[]
        )[1:5] as event_ids,
        max(signs.recorded_on) as newest_occurred_on,
        max(signs.recorded_on) as newest_recorded_on
    from signs
    inner join children on signs.person_id = children.resident_id
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
