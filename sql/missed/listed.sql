-- listed: the entries of some gaps about the children a person may list, and about pregnancies, longest open first.
-- Placeholders: {scope} over child; $gaps. ref is the child_ref, or the entry_ref of a pregnancy.
with
entries as (
    select * from missed_support where gap in (select unnest($gaps::varchar[]))
),
children as (
    select resident_id, child_ref, name, kana, age, school_grade, school_name, age_band, protected
    from child
    where {scope}
),
mothers as (
    select entry_id, entry_ref, name, kana, age, protected from expectant
),
about_children as (
    select
        entries.*, children.child_ref as ref, children.name, children.kana, children.age, children.school_grade,
        children.school_name, coalesce(children.age_band, '') as age_band, children.protected
    from entries
    inner join children on entries.subject_id = children.resident_id
    where entries.subject_kind = 'child'
),
about_mothers as (
    select
        entries.*, mothers.entry_ref as ref, mothers.name, mothers.kana, mothers.age, null as school_grade,
        null as school_name, '' as age_band, mothers.protected
    from entries
    inner join mothers on entries.subject_id = mothers.entry_id
    where entries.subject_kind = 'pregnancy'
),
everybody as (
    select * from about_children
    union all
    select * from about_mothers
),
final as (
    select * exclude (owner) from everybody
)
select * exclude (ord) from final order by ord, since_on, subject_id;
