-- care_need_unserved: the highest 要介護度 among people who live with the child and use no care service (サービス利用
-- 0).
-- Level as in care_need_family; 0 is never given. Window: certifications valid on as_of. Rows without an entry
-- about service are left out.
-- Why: where no service comes, the family does the caring, and the child with it.
create or replace temp macro item_care_need_unserved(as_of) as table
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
    where valid.uses_service = false
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
