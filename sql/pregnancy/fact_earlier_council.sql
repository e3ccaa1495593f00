-- earlier_council: the gravest 重症度 (1 to 4) of an open 要対協 case of a child she brings up.
create or replace temp macro expectant_fact_earlier_council(as_of) as table
with
earlier as (
    select entry_id, child_id from expectant_child
),
cases as (
    select * from council_now(as_of) where is_open and kind in ('1', '2')
),
final as (
    select
        earlier.entry_id,
        max(cases.severity)::double as value,
        max(cases.started_on) as occurred_on,
        max(cases.recorded_on) as recorded_on,
        '上の子が要対協に登録中（' || ['軽度', '中度', '重度', '最重度'][max(cases.severity)]
        || '・' || max(cases.started_on) || '）' as detail
    from earlier
    inner join cases on earlier.child_id = cases.person_id
    group by earlier.entry_id
)
select * from final order by entry_id;
