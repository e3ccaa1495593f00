-- school_caries: untreated decayed teeth at the child's newest school dental check (未処置う歯数); 0 when checked
-- and sound.
-- Unit 本. Window: the newest check of the last 18 months, so that the year before holds until this year's
-- results arrive.
-- Why: five or more untreated teeth score 2 in the national screening sheet (文科省 スクリーニング活用ガイド); neglect or no
-- money for the dentist.
create or replace temp macro item_school_caries(as_of) as table
with
children as (
    select resident_id from child
),
school_health as (
    select *
    from known_school_health
    where caries is not null and examined_on > months_ago(as_of, 18) and examined_on <= as_of::date
),
ranked as (
    select *, row_number() over (partition by person_id order by examined_on desc, record_key desc) as checks_back
    from school_health
    where person_id is not null
),
final as (
    select
        children.resident_id,
        ranked.caries as value,
        1 as events,
        ['school_health:' || ranked.record_key] as event_ids,
        ranked.examined_on as newest_occurred_on,
        ranked.recorded_on as newest_recorded_on
    from ranked
    inner join children on ranked.person_id = children.resident_id
    where ranked.checks_back = 1
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
