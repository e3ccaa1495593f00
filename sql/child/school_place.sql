-- school_place: school, grade and class of a resident as known on `as_of`, one row per resident.
-- 児童生徒名簿 (public schools of the city) first, then 学齢簿; only rows of pupils still enrolled.
create or replace temp macro school_place() as table
with roster as (
    select
        person_id, school_code, school_name, grade, class_name, recorded_on, record_key, 1 as pass
    from known_pupil_roster
    where person_id is not null and status = '1'
),
register as (
    select person_id, school_code, school_name, grade, null as class_name, recorded_on, record_key, 2
    from known_school_register
    where person_id is not null and status = '1'
),
places as (
    select * from roster
    union all
    select * from register
),
final as (
    select * exclude (pass, recorded_on, record_key) from places
    qualify row_number() over (partition by person_id order by pass, recorded_on desc, record_key desc) = 1
)
select * from final;
