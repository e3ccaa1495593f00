-- whereabouts: 1 when her entry in the register was struck off (職権消除): nobody knows where she lives.
create or replace temp macro expectant_fact_whereabouts(as_of) as table
with
entries as (
    select * from expectant_entry where residence = 'struck'
),
final as (
    select
        entry_id,
        1::double as value,
        left_on as occurred_on,
        recorded_on,
        '住民票が職権で消除（' || coalesce(left_on::varchar, '日付の記録なし') || '）' as detail
    from entries
)
select * from final order by entry_id;
