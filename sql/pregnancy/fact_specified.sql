-- specified: 1 when 妊娠届 says 特定妊婦, or 要対協 holds her case as 特定妊婦; unknown when the notice leaves 支援区分 blank.
create or replace temp macro expectant_fact_specified(as_of) as table
with
entries as (
    select * from expectant_entry
),
final as (
    select
        entry_id,
        case
            when support_class = '2' or len(consultations) > 0 then 1
            when support_class is not null then 0
        end::double as value,
        coalesce(case_on, notified_on) as occurred_on,
        recorded_on,
        case
            when len(consultations) > 0 and support_class = '2' then '特定妊婦（妊娠届と要対協・' || case_on || '）'
            when len(consultations) > 0 then '特定妊婦（要対協・登載 ' || case_on || '）'
            when support_class = '2' then '特定妊婦（妊娠届 ' || notified_on || '）'
        end as detail
    from entries
)
select * from final order by entry_id;
