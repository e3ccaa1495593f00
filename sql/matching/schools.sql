-- The schools of some residents, from the linked rows of 学齢簿 and 名簿; newest first.
with

owners as (
    select extract, record_key, resident_id from link
    where status in ('auto', 'confirmed') and extract in ('school_register', 'pupil_roster')
    and list_contains($residents::varchar[], resident_id)
),

rows_of as (
    select 'school_register' as extract, record_key, name, guardian_name, school_name, grade, recorded_on
    from src_school_register
    union all
    select 'pupil_roster', record_key, name, guardian_name, school_name, grade, recorded_on from src_pupil_roster
),

final as (
    select o.resident_id, r.extract, r.name, r.guardian_name, r.school_name, r.grade, r.recorded_on
    from owners as o
    join rows_of as r on r.extract = o.extract and r.record_key = o.record_key
    order by o.resident_id, r.recorded_on desc, r.extract, r.school_name
)

select * from final
