-- mother_age: her age in completed years on the day the birth is due (today where no due day is known). A birth date
-- that is 不詳 is unknown.
create or replace temp macro expectant_fact_mother_age(as_of) as table
with
entries as (
    select *, completed_years(birth_date, greatest(coalesce(due_estimated, as_of::date), as_of::date)) as age_due
    from expectant_entry
),
final as (
    select
        entry_id,
        case when age_due between 9 and 60 then age_due end::double as value,
        null::date as occurred_on,
        recorded_on,
        '出産のときの年齢 ' || age_due || '歳' as detail
    from entries
)
select * from final order by entry_id;
