-- pregnancy_follow_up: 1 when the mother was 要フォロー (not 特定妊婦) while pregnant with this child.
-- Unit 有無. Window: none (the pregnancy of this child). Source: 妊娠届, 支援区分 1, with 児宛名番号 filled in.
create or replace temp macro item_pregnancy_follow_up(as_of) as table
with
final as (
    select * from pregnancy_notices_with(as_of, 'support_class', ['1'])
)
select * from final;
