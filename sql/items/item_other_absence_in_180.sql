-- other_absence_in_180: days of absence under その他 (family's convenience, care of a relative, no contact),
-- in the last 180 school days.
-- Unit 日, one decimal (the oldest month counts by its share); 0 when none. Window: the newest 180 school days
-- delivered, over the turn of the 年度; see attendance_window.
-- Why: care for the family, a guardian who keeps the child home and "no contact" are filed here.
create or replace temp macro item_other_absence_in_180(as_of) as table
with
final as (
    select * from days_missed_in(as_of, 180, 'other')
)
select * from final;
