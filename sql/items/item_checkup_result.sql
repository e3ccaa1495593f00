-- checkup_result: result of the newest infant check-up attended: 1 異常なし, 2 要観察, 3 要精密, 4 要治療.
-- Unit: level. Window: until school entry, newest 受診日 with a result. Source: 乳幼児健診. No row when no
-- result is known (不明).
create or replace temp macro item_checkup_result(as_of) as table
with
final as (
    select * from newest_checkup_finding(as_of, 'result')
)
select * from final;
