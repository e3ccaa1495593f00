-- いじめの認知: an incident with the child as the bullied one (08c) that was serious or went on for more than 90 days.
-- It happened on 認知日; that it would last was known only later, which is what a list is measured by.
with
newest as (
    select *, min(recorded_on) over (partition by record_key) as first_recorded_on
    from src_bullying
    qualify row_number() over (
        partition by record_key order by recorded_on desc, delivered_on desc, receipt_id desc, row_number desc
    ) = 1
),
link as (
    select * from link_settled('pupil_roster')
),
final as (
    select
        l.resident_id,
        n.occurred_on,
        n.first_recorded_on as recorded_on
    from newest as n
    inner join link as l on n.pupil_id = l.number
    where
        n.role = '1'
        and (coalesce(n.serious, false) or coalesce(n.resolved_on, $until::date) > n.occurred_on + interval 90 day)
)
select * from final
