-- checkup_unseen: days since the first month of a missed check-up that is still open, when nobody of the city has met
-- the child face to face since that month ended.
-- Unit 日; 0 when no due check-up is missed, or when somebody met the child since (対応記録 with the child, newborn
-- visit, a later check-up, 通所支援 and the like: child.last_seen_on). Window: as in checkup_missed.
-- Why: a missed check-up that a visit has followed is closed; one nobody followed is the worry.
create or replace temp macro item_checkup_unseen(as_of) as table
with
missed as (
    select * from missed_checkups(as_of, null)
),
unseen as (
    select resident_id, max(as_of::date - due_month) as days
    from due_checkups(as_of)
    where attended_on is null and coalesce(last_seen_on <= last_day(due_month), true)
    group by resident_id
),
final as (
    select missed.* replace (coalesce(unseen.days, 0)::double as value)
    from missed
    left join unseen on missed.resident_id = unseen.resident_id
)
select * from final;
