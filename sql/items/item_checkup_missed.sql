-- checkup_missed: infant check-ups (4か月, 1歳6か月, 3歳6か月) the child was due for while living here and has
-- not attended.
-- Unit 回. Window: until school entry; 対象年月 ended two months ago or more. Source: 乳幼児健診, 受診日 empty as
-- known on the day: a row recorded later with a 受診日 clears it. 0 when every due check-up was attended.
create or replace temp macro item_checkup_missed(as_of) as table
with
final as (
    select * from missed_checkups(as_of, null)
)
select * from final;
