-- days_to_due: days until the birth is due; below 0 the day has passed. Unknown without a notice.
create or replace temp macro expectant_fact_days_to_due(as_of) as table
with
entries as (
    select * from expectant_entry
),
final as (
    select
        entry_id,
        (due_estimated - as_of::date)::double as value,
        null::date as occurred_on,
        recorded_on,
        case
            when due_estimated is null then null
            when due_estimated >= as_of::date then '出産予定日 ' || due_estimated
            else '出産予定日（' || due_estimated || '）を過ぎている'
        end as detail
    from entries
)
select * from final order by entry_id;
