-- moved_out: 1 when she moved out of the city during this pregnancy.
create or replace temp macro expectant_fact_moved_out(as_of) as table
with
entries as (
    select * from expectant_entry where residence = 'moved'
),
final as (
    select
        entry_id,
        1::double as value,
        left_on as occurred_on,
        recorded_on,
        '妊娠中に転出（' || coalesce(left_on::varchar, '日付の記録なし') || '）' as detail
    from entries
    where left_on is null or left_on >= coalesce(due_estimated - 280, case_on)
)
select * from final order by entry_id;
