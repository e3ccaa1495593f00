-- earlier_abuse: how many 虐待 consultations and 児童相談所 notices about a child she brings up came in 24 months.
create or replace temp macro expectant_fact_earlier_abuse(as_of) as table
with
earlier as (
    select entry_id, child_id from expectant_child
),
reports as (
    select person_id, occurred_on, recorded_on from known_consultation where kind in ('11', '12', '13', '14')
    union all
    select person_id, occurred_on, recorded_on from known_guidance_center_case where kind in ('1', '2', '3', '4')
),
final as (
    select
        earlier.entry_id,
        count(*)::double as value,
        max(reports.occurred_on) as occurred_on,
        max(reports.recorded_on) as recorded_on,
        '上の子の虐待の相談・通告 ' || count(*) || '件（最新 ' || max(reports.occurred_on) || '）' as detail
    from earlier
    inner join reports on earlier.child_id = reports.person_id
    where reports.occurred_on <= as_of::date and reports.occurred_on > months_ago(as_of, 24)
    group by earlier.entry_id
)
select * from final order by entry_id;
