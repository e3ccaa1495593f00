-- runaway_12m: entries of 生徒指導 for running away or being out late at night (種別 3).
-- Unit 件; window 12 months by 発生日.
-- Why: children leave homes that are not safe; told apart from other guidance.
create or replace temp macro item_runaway_12m(as_of) as table
with
final as (
    select * from guidance_entries(as_of, ['3'])
)
select * from final;
