-- self_harm_12m: entries of 生徒指導 for self-harm or the wish to die (種別 4).
-- Unit 件; window 12 months by 発生日.
-- Why: a child's own sign, which always goes to a person.
create or replace temp macro item_self_harm_12m(as_of) as table
with
final as (
    select * from guidance_entries(as_of, ['4'])
)
select * from final;
