-- child_rearing_allowance_part: 1 when 児童扶養手当 is paid in part for the child.
-- Unit 有無. Window: on the day (認定日 reached, 資格喪失日 not), newest 認定日. Source: 児童扶養手当, 支給区分. 全部停止 is
-- neither full nor part, and still a single-parent family.
create or replace temp macro item_child_rearing_allowance_part(as_of) as table
with
final as (
    select * exclude (payment, annual_report)
    from child_rearing_allowance_now(as_of)
    where payment = '2'
)
select * from final;
