-- unmarried: 1 when 妊娠届 says 未婚 or 離別; unknown when it says 不明 or nothing. Context only, never a reason alone.
create or replace temp macro expectant_fact_unmarried(as_of) as table
with
entries as (
    select * from expectant_entry where notified_on is not null
),
final as (
    select
        entry_id,
        case when marital in ('1', '2', '3') then (marital <> '1')::integer end::double as value,
        notified_on as occurred_on,
        recorded_on,
        case marital when '2' then '未婚（妊娠届）' when '3' then '離別（妊娠届）' end as detail
    from entries
)
select * from final order by entry_id;
