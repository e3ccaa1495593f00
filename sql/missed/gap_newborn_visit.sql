-- newborn_visit: a baby older than `grace` days (乳児家庭全戸訪問 is for the first four months) whom no visit has met and who
-- came to no check-up. Babies who moved in later than a month before the limit are left to the next check-up.
create or replace temp macro missed_gap_newborn_visit(as_of, grace) as table
with
babies as (
    select resident_id, birth_date, resident_since, recorded_on
    from child
    inner join (select resident_id as number, recorded_on from cohabitant) as register
        on child.resident_id = register.number
    where
        birth_date <= as_of::date - grace
        and birth_date > as_of::date - 365
        and resident_since <= birth_date + grace - 30
        and not in_care
),
visits as (
    select
        person_id,
        min(visited_on) filter (where outcome = '1') as met_on,
        count(*) filter (where outcome = '2') as out_times,
        count(*) filter (where outcome = '3') as refused_times
    from known_newborn_visit
    where visited_on <= as_of::date
    group by person_id
),
checkups as (
    select person_id, min(attended_on) as attended_on from known_infant_checkup
    where attended_on <= as_of::date
    group by person_id
),
final as (
    select
        babies.resident_id as subject_id,
        (babies.birth_date + grace)::date as since_on,
        babies.recorded_on as known_on,
        visits.met_on is not null or checkups.attended_on is not null as has,
        coalesce(least(visits.met_on, checkups.attended_on), visits.met_on, checkups.attended_on) as had_on,
        null::varchar as why,
        (coalesce(visits.refused_times, 0) > 0)::varchar as mark,
        '出生 ' || babies.birth_date
        || case
            when visits.refused_times > 0 then '（拒否 ' || visits.refused_times || '回）'
            when visits.out_times > 0 then '（不在 ' || visits.out_times || '回）'
            else ''
        end as detail
    from babies
    left join visits on babies.resident_id = visits.person_id
    left join checkups on babies.resident_id = checkups.person_id
)
select * from final order by subject_id;
