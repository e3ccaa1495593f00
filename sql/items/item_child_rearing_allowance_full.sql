-- child_rearing_allowance_full: 1 when 児童扶養手当 is paid in full for the child: a single-parent family
-- with a low income.
-- Unit 有無. Window: on the day (認定日 reached, 資格喪失日 not), newest 認定日. Source: 児童扶養手当, 支給区分.
create or replace temp macro item_child_rearing_allowance_full(as_of) as table
with
final as (
    select * exclude (payment, annual_report)
    from child_rearing_allowance_now(as_of)
    where payment = '1'
)
select * from final;
