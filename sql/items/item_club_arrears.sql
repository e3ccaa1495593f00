-- club_arrears: months of unpaid fees of the after-school club the child belongs to on as_of.
-- Unit か月 (the largest of the child's memberships). Window: on the day; memberships ended on or before as_of
-- do not count.
-- Why: three months and more score 2 in the national screening sheet (文科省 スクリーニング活用ガイド, 諸費滞納).
create or replace temp macro item_club_arrears(as_of) as table
with
children as (
    select resident_id from child
),
after_school_club as (
    select * from known_after_school_club where started_on <= as_of::date
),
found as (
    select *
    from after_school_club
    where (ended_on is null or ended_on > as_of::date) and arrears_months > 0
),
final as (
    select
        children.resident_id,
        max(found.arrears_months) as value,
        count(*) as events,
        newest_ids('after_school_club', found.record_key, found.started_on) as event_ids,
        max(found.started_on) as newest_occurred_on,
        max(found.recorded_on) as newest_recorded_on
    from found
    inner join children on found.person_id = children.resident_id
    group by children.resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
