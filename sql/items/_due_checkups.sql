-- due_checkups(as_of): infant check-ups (乳幼児健診) that fell due two months ago or more, while the child
-- lived here; children before school entry, one row per check-up, attended or not.
create or replace temp macro due_checkups(as_of) as table
with
children as (
    select resident_id, resident_since, last_seen_on from child where coalesce(school_grade < 1, age <= 5)
),
final as (
    select
        children.resident_id, children.last_seen_on, checkup.checkup, checkup.due_month, checkup.attended_on,
        checkup.record_key, checkup.recorded_on
    from known_infant_checkup as checkup
    inner join children on checkup.person_id = children.resident_id
    where
        last_day(checkup.due_month) <= months_ago(as_of, 2)
        and children.resident_since <= last_day(checkup.due_month)
)
select * from final;
