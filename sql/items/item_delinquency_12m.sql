-- delinquency_12m: entries of 生徒指導 for delinquency or acts against the law (種別 2).
-- Unit 件; window 12 months by 発生日.
-- Why: shoplifting and the like may mean hunger, money or company; asks for help, not for blame.
create or replace temp macro item_delinquency_12m(as_of) as table
with
final as (
    select * from guidance_entries(as_of, ['2'])
)
select * from final;
