-- unknown: the facts nobody can tell, by entry, with the reason.
with
facts as (
    select * from expectant_fact
),
final as (
    select entry_id, code, why from facts where value is null
)
select * from final order by entry_id, code;
