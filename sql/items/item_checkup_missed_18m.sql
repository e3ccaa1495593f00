-- checkup_missed_18m: the 1歳6か月児健診 fell due while the child lived here and has not been attended.
-- Unit 有無; 0 when attended. Window: until school entry; 対象年月 ended two months ago or more. A row recorded later
-- with a 受診日 clears it; due before the child moved here, or not yet due, is no row (不明).
-- Why: each stage is missed for reasons of its own; the youngest cannot be seen anywhere else.
create or replace temp macro item_checkup_missed_18m(as_of) as table
with
final as (
    select * replace (least(value, 1) as value) from missed_checkups(as_of, '2')
)
select * from final;
