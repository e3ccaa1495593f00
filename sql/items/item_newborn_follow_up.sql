-- newborn_follow_up: 1 when the newest newborn visit that met the family ended in 要継続支援, 0 when it did not.
-- Unit 有無. Window: 訪問日 in the 24 months up to the day. Source: 乳児家庭全戸訪問. Not met, or not filled in, is no
-- row (不明).
-- Why: the visiting nurse saw the home and asked for more help.
create or replace temp macro item_newborn_follow_up(as_of) as table
with
children as (
    select resident_id from child
),
visits as (
    select children.resident_id, visit.follow_up, visit.visited_on, visit.record_key, visit.recorded_on
    from known_newborn_visit as visit
    inner join children on visit.person_id = children.resident_id
    where
        visit.outcome = '1'
        and visit.follow_up is not null
        and visit.visited_on > months_ago(as_of, 24)
        and visit.visited_on <= as_of::date
),
newest as (
    select * from visits
    qualify row_number() over (partition by resident_id order by visited_on desc, record_key desc) = 1
),
final as (
    select
        resident_id,
        follow_up::integer as value,
        follow_up::integer as events,
        case when follow_up then ['newborn_visit:' || record_key] else []::varchar[] end as event_ids,
        visited_on as newest_occurred_on,
        recorded_on as newest_recorded_on
    from newest
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
