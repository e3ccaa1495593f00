-- months: the watched months of the given children, oldest first. Parameter: $residents.
with
watched as (
    select * from worsening_series
),
final as (
    select resident_id, signal, month, value, usual, low, high, is_over
    from watched
    where resident_id in (select unnest($residents::varchar[]))
)
select * from final
order by resident_id, signal, month;
