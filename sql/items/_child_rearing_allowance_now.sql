-- child_rearing_allowance_now(as_of): evidence row of the 児童扶養手当 that runs for each child on the day
-- (認定日 reached, 資格喪失日 not; of several the newest 認定日); value 1, with 支給区分 (payment) and 現況届
-- (annual_report) to choose by.
create or replace temp macro child_rearing_allowance_now(as_of) as table
with
children as (
    select resident_id from child
),
newest as (
    select
        children.resident_id, paid.payment, paid.annual_report,
        paid.record_key, paid.started_on, paid.recorded_on
    from known_child_rearing_allowance as paid
    inner join children on paid.person_id = children.resident_id
    where paid.started_on <= as_of::date and (paid.ended_on is null or paid.ended_on > as_of::date)
    qualify
        row_number() over (
            partition by children.resident_id order by paid.started_on desc, paid.record_key desc
        ) = 1
),
final as (
    select
        resident_id,
        payment,
        annual_report,
        1::double as value,
        1 as events,
        ['child_rearing_allowance:' || record_key] as event_ids,
        started_on as newest_occurred_on,
        recorded_on as newest_recorded_on
    from newest
)
select * from final;
