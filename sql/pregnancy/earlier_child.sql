-- expectant_earlier_children: children who live with the mother and were there before this pregnancy, one row per
-- entry and child. Also children of her partner: she looks after them.
create or replace temp macro expectant_earlier_children() as table
with
entries as (
    select * from expectant_entry
),
guardians as (
    select child_id, guardian_id from guardian where kind <> 'carer'
),
children as (
    select * from child
),
final as (
    select distinct
        entries.entry_id, children.resident_id as child_id, children.birth_date, children.age,
        children.council_open, children.council_severity, children.in_care
    from entries
    inner join guardians on entries.mother_id = guardians.guardian_id
    inner join children on guardians.child_id = children.resident_id
    where
        children.birth_date is null
        or children.birth_date < coalesce(entries.due_estimated - 126, entries.case_on)
)
select * from final order by entry_id, child_id;
