-- listed: the pregnancies of the list. Parameter: $department (null: all; else those this department's own records name).
-- Open ones in the order of looking; for one department, which does not see levels, by the day the birth is due.
with
entries as (
    select * from expectant
),
final as (
    select * from entries
    where
        $department is null
        or ($department = 'maternal' and notified_on is not null)
        or ($department = 'child_safety' and len(consultations) > 0)
)
select * from final
order by
    array_position(['open', 'born', 'unsettled'], listed),
    case when $department is null then rank end nulls last,
    case when listed = 'born' then born_on end desc nulls last,
    due_estimated nulls first,
    entry_id;
