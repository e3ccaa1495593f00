-- attendance_months(as_of): monthly attendance of today's children, one row per pupil number and month up to as_of;
-- see sql/child/attendance_month.sql for its columns.
create or replace temp macro attendance_months(as_of) as table
with
final as (
    select * from attendance_month where month <= as_of::date
)
select * from final;
