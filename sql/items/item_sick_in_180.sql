-- sick_in_180: days the child was absent ill (病欠),
-- in the last 180 school days.
-- Unit 日, one decimal (the oldest month counts by its share); 0 when none. Window: the newest 180 school days
-- delivered, over the turn of the 年度; see attendance_window.
-- Why: many days called illness may hide 不登校 or missing care; one long illness is no worry of this kind.
create or replace temp macro item_sick_in_180(as_of) as table
with
final as (
    select * from days_missed_in(as_of, 180, 'sick')
)
select * from final;
