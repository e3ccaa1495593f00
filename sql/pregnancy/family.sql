-- family: the children a mother lives with, and those born of the pregnancy. Parameters: $mother, $children.
with
children as (
    select * from child
),
guarded as (
    select child_id from guardian where guardian_id = $mother and kind <> 'carer'
),
final as (
    select
        resident_id, child_ref, name, age, birth_date, council_open, in_care, protected,
        resident_id in (select unnest($children::varchar[])) as is_born
    from children
    where resident_id in (select child_id from guarded) or resident_id in (select unnest($children::varchar[]))
)
select * from final order by birth_date, resident_id;
