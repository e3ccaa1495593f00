-- birth_unknown: 1 when the day the birth was due has long passed and no birth is known: no 児宛名番号, and no child of hers
-- around that day in the register.
create or replace temp macro expectant_fact_birth_unknown(as_of) as table
with
entries as (
    select * from expectant_entry where state = 'overdue'
),
final as (
    select
        entry_id,
        1::double as value,
        due_estimated as occurred_on,
        recorded_on,
        coalesce('予定日（' || due_estimated || '）', '要対協の登載（' || case_on || '）から出産の時期')
        || 'を過ぎ、出生の記録がない' as detail
    from entries
)
select * from final order by entry_id;
