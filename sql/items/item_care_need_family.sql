-- care_need_family: the highest 要介護度 among the people who live with the child.
-- Level 1 要支援1, 2 要支援2, 3 要介護1, 4 要介護2, 5 要介護3, 6 要介護4, 7 要介護5. Window: certifications valid on as_of (有効期限
-- included); per person the newest 認定日 is the state.
-- Living together is 世帯番号 or the same address and 方書, so that 世帯分離 hides nobody.
-- Why: the child may be caring for a family member (young carer); means nothing alone.
create or replace temp macro item_care_need_family(as_of) as table
with
housemates as (
    select * from housemate()
),
care_need as (
    select *
    from known_care_need
    where started_on <= as_of::date and person_id is not null
),
newest as (
    select *, row_number() over (partition by person_id order by started_on desc, record_key desc) as versions_back
    from care_need
),
valid as (
    select *, array_position(['11', '12', '21', '22', '23', '24', '25'], care_level) as care_order
    from newest
    where versions_back = 1 and (ended_on is null or ended_on >= as_of::date)
),
final as (
    select
        housemates.resident_id,
        max(valid.care_order) as value,
        count(*) as events,
        newest_ids('care_need', valid.record_key, valid.started_on) as event_ids,
        max(valid.started_on) as newest_occurred_on,
        max(valid.recorded_on) as newest_recorded_on
    from housemates
    inner join valid on housemates.housemate_id = valid.person_id
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
