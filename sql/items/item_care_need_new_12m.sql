-- care_need_new_12m: people living with the child who were certified 要介護 for the first time, or to a higher degree
-- than before, in the last 12 months.
-- Unit 人. Window 12 months by 認定日, still valid on the day; 要支援 counts. A renewal to the same degree does not.
-- Living together is 世帯番号 or the same address and 方書.
-- Why: when a grandparent begins to need care, the care often falls on the child; means nothing alone.
create or replace temp macro item_care_need_new_12m(as_of) as table
with
housemates as (
    select * from housemate()
),
care_need as (
    select *, array_position(['11', '12', '21', '22', '23', '24', '25'], care_level) as care_order
    from known_care_need
    where started_on <= as_of::date and person_id is not null
),
compared as (
    select
        *,
        lag(care_order) over course as earlier_order,
        row_number() over (partition by person_id order by started_on desc, record_key desc) as versions_back
    from care_need
    window course as (partition by person_id order by started_on, record_key)
),
risen as (
    select *
    from compared
    where
        versions_back = 1
        and started_on > months_ago(as_of, 12)
        and (ended_on is null or ended_on >= as_of::date)
        and (earlier_order is null or care_order > earlier_order)
),
final as (
    select
        housemates.resident_id,
        count(distinct risen.person_id) as value,
        count(*) as events,
        newest_ids('care_need', risen.record_key, risen.started_on) as event_ids,
        max(risen.started_on) as newest_occurred_on,
        max(risen.recorded_on) as newest_recorded_on
    from housemates
    inner join risen on housemates.housemate_id = risen.person_id
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
