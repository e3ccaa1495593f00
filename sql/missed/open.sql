-- open: how many entries of some gaps are open (the first row), and those of the given subjects, whose status has to be asked.
-- Placeholders: {scope} over child; $gaps, $subjects.
with
entries as (
    select gap, subject_id, subject_kind, mark from missed_support
    where state = 'open' and gap in (select unnest($gaps::varchar[]))
),
children as (
    select resident_id from child where {scope}
),
listed as (
    select * from entries where subject_kind <> 'child' or subject_id in (select resident_id from children)
),
noted as (
    select gap, subject_id, mark, 1 as entries
    from listed
    where subject_id in (select unnest($subjects::varchar[]))
),
final as (
    select null as gap, null as subject_id, null as mark, count(*) as entries from listed
    union all
    select * from noted
)
select * from final order by gap nulls first, subject_id;
