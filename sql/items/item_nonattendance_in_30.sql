-- nonattendance_in_30: days of absence the school calls 不登校,
-- in the last 30 school days.
-- Unit 日, one decimal (the oldest month counts by its share); 0 when none. Window: the newest 30 school days
-- delivered, over the turn of the 年度; see attendance_window.
-- Why: the school itself sees that the child stays away; a few days are earlier than the yearly 30.
create or replace temp macro item_nonattendance_in_30(as_of) as table
with
final as (
    select * from days_missed_in(as_of, 30, 'nonattendance')
)
select * from final;
