-- The child's reasons in every category, in the order in which they count.
with

final as (
    select category, ord, kind, code, points, text, events, event_ids
    from reason
    where resident_id = $resident_id
)

select * from final
order by category, ord
