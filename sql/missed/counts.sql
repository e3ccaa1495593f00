-- counts: the figures of some gaps over the whole city. Parameter: $gaps.
with
counted as (
    select * from missed_count where gap in (select unnest($gaps::varchar[]))
),
final as (
    select gap, ord, owner, qualifies_state, has_state, qualifies, has, open, unknown, connected from counted
)
select * exclude (ord) from final order by ord;
