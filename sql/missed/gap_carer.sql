-- carer: somebody with 要介護1 or more lives with a child who is often absent, and no office has talked with the family.
-- Often: 30 days of absence in 12 months, or 10 days その他欠席 (care for family members stands there).
create or replace temp macro missed_gap_carer(as_of, grace) as table
with
children as (
    select resident_id from at_city_school()
),
housemates as (
    select resident_id, housemate_id from housemate()
),
care as (
    select * from known_care_need
    where started_on <= as_of::date and person_id is not null
    qualify row_number() over (partition by person_id order by started_on desc, record_key desc) = 1
),
cared_for as (
    select
        housemates.resident_id,
        max(care.care_level) as care_level, min(care.started_on) as started_on, max(care.recorded_on) as recorded_on
    from housemates
    inner join care on housemates.housemate_id = care.person_id
    where care.care_level >= '21' and (care.ended_on is null or care.ended_on >= as_of::date)
    group by housemates.resident_id
),
absent as (
    select resident_id, reached_on, days, known_on, '欠席' as words from reached('any', 30)
    union all
    select resident_id, reached_on, days, known_on, 'その他欠席' from reached('other', 10)
),
first_absent as (
    select * from absent
    qualify row_number() over (partition by resident_id order by reached_on, words) = 1
),
met as (
    select resident_id, min(occurred_on) as had_on from met_about(as_of)
    where occurred_on > months_ago(as_of, 12)
    group by resident_id
),
final as (
    select
        children.resident_id as subject_id,
        (greatest(cared_for.started_on, first_absent.reached_on) + grace)::date as since_on,
        greatest(cared_for.recorded_on, first_absent.known_on) as known_on,
        met.had_on is not null or child.council_open as has,
        met.had_on,
        null::varchar as why,
        cared_for.care_level || '|' || cared_for.started_on || '|' || first_absent.days // 30 as mark,
        '同居の家族が要介護' || (cared_for.care_level::integer - 20) || '（認定 ' || cared_for.started_on || '）、この1年の'
        || first_absent.words || ' ' || first_absent.days || '日' as detail
    from children
    inner join child on children.resident_id = child.resident_id
    inner join cared_for on children.resident_id = cared_for.resident_id
    inner join first_absent on children.resident_id = first_absent.resident_id
    left join met on children.resident_id = met.resident_id
)
select * from final order by subject_id;
