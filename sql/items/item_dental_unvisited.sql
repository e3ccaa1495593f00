-- dental_unvisited: told to see a dentist after the newest school check and not gone yet (受診勧奨後受診 2).
-- Unit 有無; 0 when gone, or when the check found no untreated tooth. Window: the newest check of the last 18
-- months.
-- Untreated teeth without an entry about the visit stay 不明, not 0.
create or replace temp macro item_dental_unvisited(as_of) as table
with
children as (
    select resident_id from child
),
school_health as (
    select *
    from known_school_health
    where
        (caries is not null or dental_visited is not null)
        and examined_on > months_ago(as_of, 18)
        and examined_on <= as_of::date
),
ranked as (
    select *, row_number() over (partition by person_id order by examined_on desc, record_key desc) as checks_back
    from school_health
    where person_id is not null
),
judged as (
    select
        *,
        case
            when dental_visited = '2' then 1
            when dental_visited = '1' or caries = 0 then 0
        end as unvisited
    from ranked
    where checks_back = 1
),
final as (
    select
        children.resident_id,
        judged.unvisited as value,
        judged.unvisited as events,
        case when judged.unvisited = 1 then ['school_health:' || judged.record_key] else []::varchar[] end as event_ids,
        judged.examined_on as newest_occurred_on,
        judged.recorded_on as newest_recorded_on
    from judged
    inner join children on judged.person_id = children.resident_id
    where judged.unvisited is not null
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
