-- insurance_arrears: a family with children owes three months of 国民健康保険 or more, and neither a consultation about living
-- nor 生活保護 is there. One entry a household, under its eldest child.
create or replace temp macro missed_gap_insurance_arrears(as_of, grace) as table
with
children as (
    select resident_id, living_group, birth_date from child where not in_care
),
eldest as (
    select * from children
    qualify row_number() over (partition by living_group order by birth_date, resident_id) = 1
),
members as (
    select distinct living_group, resident_id from household_member
),
newest as (
    select * from known_health_insurance
    where started_on <= as_of::date and person_id is not null
    qualify row_number() over (partition by person_id order by started_on desc, record_key desc) = 1
),
owing as (
    select members.living_group, max(newest.arrears_months) as months, max(newest.recorded_on) as recorded_on
    from members
    inner join newest on members.resident_id = newest.person_id
    where newest.arrears_months >= 3 and (newest.ended_on is null or newest.ended_on > as_of::date)
    group by members.living_group
),
helps as (
    select members.living_group, met.occurred_on as had_on
    from members
    inner join met_about(as_of) as met on members.resident_id = met.resident_id
    where met.extract in ('consultation', 'contact_log') and met.occurred_on > months_ago(as_of, 12)
    union all
    select members.living_group, aid.started_on
    from members
    inner join known_public_assistance as aid on members.resident_id = aid.person_id
    where aid.started_on <= as_of::date and (aid.ended_on is null or aid.ended_on > as_of::date)
),
first_help as (
    select living_group, min(had_on) as had_on from helps group by living_group
),
final as (
    select
        eldest.resident_id as subject_id,
        (owing.recorded_on - to_months(owing.months - 3) + to_days(grace::integer))::date as since_on,
        owing.recorded_on as known_on,
        first_help.had_on is not null as has,
        first_help.had_on,
        null::varchar as why,
        (owing.months // 6)::varchar as mark,
        '世帯の国民健康保険の滞納 ' || owing.months || 'か月（' || owing.recorded_on || ' 登録）' as detail
    from eldest
    inner join owing on eldest.living_group = owing.living_group
    left join first_help on eldest.living_group = first_help.living_group
)
select * from final order by subject_id;
