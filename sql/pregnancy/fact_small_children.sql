-- small_children: how many children under three she looks after already.
create or replace temp macro expectant_fact_small_children(as_of) as table
with
earlier as (
    select * from expectant_child where age < 3
),
final as (
    select
        entry_id,
        count(*)::double as value,
        null::date as occurred_on,
        null::date as recorded_on,
        '3歳未満の上の子 ' || count(*) || '人' as detail
    from earlier
    group by entry_id
)
select * from final order by entry_id;
