-- months: the watched months of the given children, oldest first. Parameter: $residents.
with
watched as (
    select * from worsening_series
),
final as (
    select resident_id, signal, month, value, usual, low, high, is_over
    from watched
    where list_contains($residents, resident_id)
)
select * from final
order by resident_id, signal, month;
