-- allowance_report_missing: 1 when the yearly report (現況届) for 児童扶養手当 has not been handed in.
-- Unit 有無. Window: on the day (認定日 reached, 資格喪失日 not), newest 認定日. Source: 児童扶養手当, 現況届.
create or replace temp macro item_allowance_report_missing(as_of) as table
with
final as (
    select * exclude (payment, annual_report)
    from child_rearing_allowance_now(as_of)
    where annual_report = '2'
)
select * from final;
