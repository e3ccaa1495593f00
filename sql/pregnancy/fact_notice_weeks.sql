-- notice_weeks: weeks of pregnancy at the first notice. Usual is up to 11; 22 and more means that check-ups began late.
create or replace temp macro expectant_fact_notice_weeks(as_of) as table
with
entries as (
    select * from expectant_entry where notified_on is not null
),
final as (
    select
        entry_id,
        weeks::double as value,
        notified_on as occurred_on,
        recorded_on,
        '妊娠届が妊娠' || weeks || '週（' || notified_on || '）' as detail
    from entries
)
select * from final order by entry_id;
