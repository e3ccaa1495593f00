-- in_care_now: children in 一時保護 or in 施設・里親 on `as_of`, one row per child.
-- Custody is open while no 解除日 has come. 援助方針 施設入所・里親委託 holds until a newer case says otherwise.
-- Source: 児童相談所受付.
create or replace temp macro in_care_now(as_of) as table
with cases as (
    select * from known_guidance_center_case where person_id is not null and occurred_on <= as_of
),
custody as (
    select person_id as resident_id from cases
    where custody_on <= as_of and (custody_ended_on is null or custody_ended_on > as_of)
),
newest_measure as (
    select person_id as resident_id, arg_max(measure, (occurred_on, recorded_on, record_key)) as measure
    from cases
    where measure is not null
    group by person_id
),
final as (
    select resident_id from custody
    union
    select resident_id from newest_measure where measure in ('3', '4')
    order by resident_id
)
select * from final;
