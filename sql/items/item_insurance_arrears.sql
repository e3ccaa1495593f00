-- insurance_arrears: months of unpaid 国民健康保険 in the child's household, the largest of its members.
-- Unit か月. Window: on the day; per person the newest 資格取得日, and only while covered (資格喪失日 empty or later).
-- Why: hardship that shows before any benefit does, and families that put off the doctor.
create or replace temp macro item_insurance_arrears(as_of) as table
with
children as (
    select resident_id from child
),
housemates as (
    select resident_id, housemate_id from housemate()
    union all
    select resident_id, resident_id as housemate_id from children
),
health_insurance as (
    select *
    from known_health_insurance
    where started_on <= as_of::date and person_id is not null
),
newest as (
    select *, row_number() over (partition by person_id order by started_on desc, record_key desc) as versions_back
    from health_insurance
),
covered as (
    select * from newest where versions_back = 1 and (ended_on is null or ended_on > as_of::date)
),
final as (
    select
        housemates.resident_id,
        max(covered.arrears_months) as value,
        count(*) as events,
        newest_ids('health_insurance', covered.record_key, covered.started_on) as event_ids,
        max(covered.started_on) as newest_occurred_on,
        max(covered.recorded_on) as newest_recorded_on
    from housemates
    inner join covered on housemates.housemate_id = covered.person_id
    where covered.arrears_months > 0
    group by housemates.resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
