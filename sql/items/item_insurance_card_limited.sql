-- insurance_card_limited: someone in the child's household holds a limited insurance card (短期 or 特別療養費).
-- Unit 有無 (1). Window: on the day, as in insurance_arrears.
-- Why: long arrears; with 特別療養費 the whole fee is paid first, so children see no doctor. 短期証 ended in December
-- 2024.
create or replace temp macro item_insurance_card_limited(as_of) as table
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
        1 as value,
        count(*) as events,
        newest_ids('health_insurance', covered.record_key, covered.started_on) as event_ids,
        max(covered.started_on) as newest_occurred_on,
        max(covered.recorded_on) as newest_recorded_on
    from housemates
    inner join covered on housemates.housemate_id = covered.person_id
    where covered.card in ('2', '3')
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
