-- attendance_recent(as_of): the last three months with school days of every child, none older than four
-- months.
-- Months without school days (August) are passed over; a child whose newest month is older has no row and
-- reads 不明.
create or replace temp macro attendance_recent(as_of) as table
with
final as (
    select *
    from attendance_months(as_of)
    where months_back <= 3 and month >= (date_trunc('month', as_of::date) - to_months(4))::date
)
select * from final;
