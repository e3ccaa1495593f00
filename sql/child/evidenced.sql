-- evidenced: people of `rerecorded` of whom some department's record was already recorded on the day, one row each.
-- That record, not the register's newer row, is why the city is taken to have known them.
-- Source: every extract whose rows belong to a child and are kept from its first years on.
create or replace temp macro evidenced_people() as table
with people as (
    select resident_id from rerecorded
),
told as (
    select person_id from known_resident_move
    union all
    select person_id from known_child_allowance
    union all
    select person_id from known_health_insurance
    union all
    select person_id from known_infant_checkup
    union all
    select person_id from known_school_register
    union all
    select person_id from known_pupil_roster
    union all
    select person_id from known_attendance
    union all
    select person_id from known_school_health
    union all
    select person_id from known_school_expense_aid
    union all
    select person_id from known_after_school_club
    union all
    select person_id from known_day_support
    union all
    select person_id from known_public_assistance
    union all
    select person_id from known_consultation
    union all
    select person_id from known_guidance_center_case
),
final as (
    select distinct p.resident_id
    from people as p
    inner join told as t on p.resident_id = t.person_id
)
select * from final;
