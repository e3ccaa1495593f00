-- follow_up: 1 when 妊娠届 says 要フォロー; unknown when 支援区分 is blank.
create or replace temp macro expectant_fact_follow_up(as_of) as table
with
entries as (
    select * from expectant_entry where notified_on is not null
),
final as (
    select
        entry_id,
        case when support_class is not null then (support_class = '1')::integer end::double as value,
        notified_on as occurred_on,
        recorded_on,
        case when support_class = '1' then '妊娠届で要フォロー（' || notified_on || '）' end as detail
    from entries
)
select * from final order by entry_id;
