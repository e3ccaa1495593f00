-- violence_12m: entries of 生徒指導 for violence or broken property (種別 1, 5).
-- Unit 件; window 12 months by 発生日.
-- Why: violent behaviour may mirror what a child lives through at home.
create or replace temp macro item_violence_12m(as_of) as table
with
final as (
    select * from guidance_entries(as_of, ['1', '5'])
)
select * from final;
