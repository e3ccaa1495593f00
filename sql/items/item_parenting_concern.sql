-- parenting_concern: parenting as seen at the newest infant check-up: 1 良好, 2 やや不安, 3 強い不安, 4
-- 不適切な養育の疑い.
-- Unit: level. Window: until school entry, newest 受診日 with 育児状況. Source: 乳幼児健診. No row when it was
-- never noted (不明).
create or replace temp macro item_parenting_concern(as_of) as table
with
final as (
    select * from newest_checkup_finding(as_of, 'parenting')
)
select * from final;
