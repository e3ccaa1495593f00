-- unmarried_pregnancy: 1 when the mother was 未婚 or 離別 at the notice of pregnancy. Context, no risk in
-- itself.
-- Unit 有無. Window: none (the pregnancy of this child). Source: 妊娠届, 婚姻状況, with 児宛名番号 filled in.
create or replace temp macro item_unmarried_pregnancy(as_of) as table
with
final as (
    select * from pregnancy_notices_with(as_of, 'marital', ['2', '3'])
)
select * from final;
