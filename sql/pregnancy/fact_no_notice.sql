-- no_notice: 1 when the centre knows of the pregnancy (要対協, 特定妊婦) and no 妊娠届 has come.
create or replace temp macro expectant_fact_no_notice(as_of) as table
with
entries as (
    select * from expectant_entry where notified_on is null
),
final as (
    select
        entry_id,
        -- nobody to look up in the notices while the case belongs to nobody
        case when mother_id is not null then 1 end::double as value,
        case_on as occurred_on,
        recorded_on,
        '妊娠届が見つからない（要対協の登載 ' || case_on || '）' as detail
    from entries
)
select * from final order by entry_id;
