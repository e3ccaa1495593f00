-- own_case: how many consultations about herself (also as a child: abuse, nonattendance) the centre took in 24 months,
-- the 特定妊婦 cases themselves not counted.
create or replace temp macro expectant_fact_own_case(as_of) as table
with
entries as (
    select * from expectant_entry where mother_id is not null
),
cases as (
    select * from known_consultation
    where
        kind in ('11', '12', '13', '14', '20', '80')
        and occurred_on <= as_of::date
        and occurred_on > months_ago(as_of, 24)
),
final as (
    select
        entries.entry_id,
        count(*)::double as value,
        max(cases.occurred_on) as occurred_on,
        max(cases.recorded_on) as recorded_on,
        '本人についての相談 ' || count(*) || '件（最新 ' || max(cases.occurred_on) || '）' as detail
    from entries
    inner join cases
        on entries.mother_id = cases.person_id
        and not list_contains(entries.consultations, cases.consultation_id)
    group by entries.entry_id
)
select * from final order by entry_id;
