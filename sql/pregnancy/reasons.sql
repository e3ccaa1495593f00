-- reasons: the rules that hold, by entry in their order. Parameter: $department (null: all; else only rules that rest on this
-- department's facts alone).
with
reasons as (
    select * from expectant_reason
),
final as (
    select * from reasons
    where $department is null or list_has_all([$department], departments)
)
select * from final order by entry_id, ord;
