-- nonattendance_in_180: days of absence the school calls 不登校,
-- in the last 180 school days.
-- Unit 日, one decimal (the oldest month counts by its share); 0 when none. Window: the newest 180 school days
-- delivered, over the turn of the 年度; see attendance_window.
-- Why: the school itself sees that the child stays away; a few days are earlier than the yearly 30.
create or replace temp macro item_nonattendance_in_180(as_of) as table
with
final as (
    select * from days_missed_in(as_of, 180, 'nonattendance')
)
select * from final;
