-- missed_checkups(as_of, stage): evidence rows of the due infant check-ups not attended; value is their
-- number, 0 for a child that attended every one. See due_checkups for who has a row.
-- stage: '1' (4か月), '2' (1歳6か月) or '3' (3歳6か月); null takes them all.
create or replace temp macro missed_checkups(as_of, stage) as table
with
checkups as (
    select * from due_checkups(as_of) where stage is null or checkup = stage
),
final as (
    select
        resident_id,
        count(*) filter (where attended_on is null) as value,
        count(*) filter (where attended_on is null) as events,
        coalesce(
            list('infant_checkup:' || record_key order by due_month desc, record_key)
            filter (where attended_on is null),
            []::varchar[]
        )[1:5] as event_ids,
        max(due_month) filter (where attended_on is null) as newest_occurred_on,
        max(recorded_on) as newest_recorded_on
    from checkups
    group by resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
