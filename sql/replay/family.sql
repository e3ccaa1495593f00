-- One number a family, for counting children of one home together: who lived behind one door on the newest day each was
-- judged. The number says nothing else.
with
child as (
    select * from child_day
),
newest as (
    select resident_id, arg_max(living_group, as_of) as living_group from child group by resident_id
),
final as (
    select resident_id, dense_rank() over (order by living_group)::integer as family from newest
)
select * from final order by resident_id
