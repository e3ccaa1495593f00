-- worsening_subject: whose line is which: a line is one child and one signal.
create or replace temp table worsening_subject as
with
children as (
    select * from worsening_child
),
signals as (
    select signal_no, code from worsening_signal
),
final as (
    select
        children.child_no * 100 + signals.signal_no as line,
        children.resident_id,
        children.known_case,
        signals.code as signal
    from children
    cross join signals
)
select * from final
order by line;
