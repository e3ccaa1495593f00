-- attendance_recent(as_of): the last three months with school days of every child, none older than four
-- months.
-- Months without school days (August) are passed over; a child whose newest month is older has no row and
-- reads 不明.
create or replace temp macro attendance_recent(as_of) as table
with
months as (
    select *
    from attendance_months(as_of)
    where school_days > 0 and month >= (date_trunc('month', as_of::date) - to_months(4))::date
),
ranked as (
    select *, dense_rank() over (partition by resident_id order by month desc) as months_back
    from months
),
final as (
    select * from ranked where months_back <= 3
)
select * from final;
