-- gone: how many children of the earlier list are no children of the city any more (moved out, grown up).
with
final as (
    select count(distinct resident_id) as children
    from earlier_judgement
    where level > 0 and resident_id not in (select resident_id from child)
)
select * from final;
