-- epds_follow: EPDS 9 or more at a visit in the last 12 months, and no later visit, check-up or consultation.
create or replace temp macro missed_gap_epds_follow(as_of, grace) as table
with
children as (
    select resident_id from child where not in_care
),
visits as (
    select * from known_newborn_visit where visited_on <= as_of::date and visited_on > months_ago(as_of, 12)
),
high as (
    select * from visits
    where epds >= 9
    qualify row_number() over (partition by person_id order by visited_on desc, record_key desc) = 1
),
helps as (
    select person_id as resident_id, visited_on as had_on from visits where outcome = '1'
    union all
    select person_id, attended_on from known_infant_checkup where attended_on <= as_of::date
    union all
    select resident_id, occurred_on from met_about(as_of)
),
first_help as (
    select high.person_id, min(helps.had_on) as had_on
    from high
    inner join helps on high.person_id = helps.resident_id and helps.had_on > high.visited_on
    group by high.person_id
),
final as (
    select
        children.resident_id as subject_id,
        (high.visited_on + grace)::date as since_on,
        high.recorded_on as known_on,
        first_help.had_on is not null as has,
        first_help.had_on,
        null::varchar as why,
        high.visited_on::varchar as mark,
        '訪問（' || high.visited_on || '）でEPDS ' || high.epds || '点'
        || case when high.follow_up then '・要継続支援' else '' end as detail
    from children
    inner join high on children.resident_id = high.person_id
    left join first_help on children.resident_id = first_help.person_id
)
select * from final order by subject_id;
