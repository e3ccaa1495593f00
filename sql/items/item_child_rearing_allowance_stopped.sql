-- child_rearing_allowance_stopped: 1 when 児童扶養手当 of the child is 全部停止 (certified, nothing paid).
-- Unit 有無. Window: on the day (認定日 reached, 資格喪失日 not), newest 認定日. Source: 児童扶養手当, 支給区分 3.
-- Why: stopped by income above the limit or by a missing 現況届: the two mean opposite things, so it counts only
-- together with another fact.
create or replace temp macro item_child_rearing_allowance_stopped(as_of) as table
with
final as (
    select * exclude (payment, annual_report)
    from child_rearing_allowance_now(as_of)
    where payment = '3'
)
select * from final;
