-- net_trouble_12m: entries of 生徒指導 for trouble on the net or in social media (種別 6).
-- Unit 件; window 12 months by 発生日.
-- Why: bullying and exploitation on the net are seen by few adults.
create or replace temp macro item_net_trouble_12m(as_of) as table
with
final as (
    select * from guidance_entries(as_of, ['6'])
)
select * from final;
