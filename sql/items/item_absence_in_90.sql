-- absence_in_90: days the child was absent (病欠 + 不登校欠席 + その他欠席),
-- in the last 90 school days.
-- Unit 日, one decimal (the oldest month counts by its share); 0 when none. Window: the newest 90 school days
-- delivered, over the turn of the 年度; see attendance_window.
-- Why: how much school a child misses, whatever it is called.
create or replace temp macro item_absence_in_90(as_of) as table
with
final as (
    select * from days_missed_in(as_of, 90, 'any')
)
select * from final;
