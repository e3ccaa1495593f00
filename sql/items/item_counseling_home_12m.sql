-- counseling_home_12m: sessions of 教育相談 whose main subject is home and upbringing (主訴 4).
-- Unit 回; window 12 months by 相談日.
-- Why: trouble at home told to the school side; never raises a level by itself.
create or replace temp macro item_counseling_home_12m(as_of) as table
with
children as (
    select resident_id from child
),
education_counseling as (
    select * from known_education_counseling
),
found as (
    select *
    from education_counseling
    where
        topic = '4'
        and occurred_on > months_ago(as_of, 12) and occurred_on <= as_of::date
),
final as (
    select
        children.resident_id,
        count(*) as value,
        count(*) as events,
        newest_ids('education_counseling', found.record_key, found.occurred_on) as event_ids,
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
