-- earlier_epds: the highest EPDS score asked after the birth of an earlier child, of the last three
-- years. Unknown when there is such a child and it was never asked here; no row (0) without one.
create or replace temp macro expectant_fact_earlier_epds(as_of) as table
with
earlier as (
    select * from expectant_child where birth_date > months_ago(as_of, 36)
),
visits as (
    select person_id, visited_on, epds, recorded_on from known_newborn_visit
    where epds is not null and visited_on <= as_of::date and visited_on > months_ago(as_of, 36)
),
gathered as (
    select
        earlier.entry_id,
        max(visits.epds) as epds,
        arg_max(visits.visited_on, (visits.epds, visits.visited_on)) filter (where visits.epds is not null) as asked_on,
        max(visits.recorded_on) as recorded_on
    from earlier
    left join visits on earlier.child_id = visits.person_id
    group by earlier.entry_id
),
final as (
    select
        entry_id,
        epds::double as value,
        asked_on as occurred_on,
        recorded_on,
        '前の出産後のEPDS ' || epds || '点（' || asked_on || '）' as detail
    from gathered
)
select * from final order by entry_id;
