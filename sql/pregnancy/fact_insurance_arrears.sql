-- insurance_arrears: months of unpaid 国民健康保険, the largest behind her door; per person the newest 資格取得日.
create or replace temp macro expectant_fact_insurance_arrears(as_of) as table
with
entries as (
    select entry_id, mother_id, home from expectant_entry where home is not null
),
people as (
    select resident.resident_id, coalesce(living_group.living_group, resident.household_id) as home
    from resident
    left join living_group on resident.household_id = living_group.household_id
),
around as (
    select entries.entry_id, people.resident_id
    from entries
    inner join people on entries.home = people.home
),
newest as (
    select insured.*, around.entry_id
    from known_health_insurance as insured
    inner join around on insured.person_id = around.resident_id
    where insured.started_on <= as_of::date
    qualify row_number() over (
        partition by around.entry_id, insured.person_id
        order by insured.started_on desc, insured.record_key desc
    ) = 1
),
final as (
    select
        entry_id,
        max(arrears_months)::double as value,
        null::date as occurred_on,
        max(recorded_on) as recorded_on,
        '国民健康保険の滞納 ' || max(arrears_months) || 'か月（' || max(recorded_on) || ' 登録）' as detail
    from newest
    where arrears_months > 0 and (ended_on is null or ended_on > as_of::date)
    group by entry_id
)
select * from final order by entry_id;
