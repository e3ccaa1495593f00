-- self_harm: 自傷・希死念慮 noted by the school in the last 12 months, and no 教育相談 or consultation since.
create or replace temp macro missed_gap_self_harm(as_of, grace) as table
with
children as (
    select resident_id from child where not in_care
),
newest as (
    select * from known_guidance
    where kind = '4' and occurred_on <= as_of::date and occurred_on > months_ago(as_of, 12) and person_id is not null
    qualify row_number() over (partition by person_id order by occurred_on desc, record_key desc) = 1
),
first_help as (
    select newest.person_id, min(met.occurred_on) as had_on
    from newest
    inner join met_about(as_of) as met
        on newest.person_id = met.resident_id and met.occurred_on >= newest.occurred_on
    group by newest.person_id
),
final as (
    select
        children.resident_id as subject_id,
        (newest.occurred_on + grace)::date as since_on,
        newest.recorded_on as known_on,
        first_help.had_on is not null as has,
        first_help.had_on,
        null::varchar as why,
        newest.occurred_on::varchar as mark,
        '自傷・希死念慮の記録（' || newest.occurred_on || '）' as detail
    from children
    inner join newest on children.resident_id = newest.person_id
    left join first_help on children.resident_id = first_help.person_id
)
select * from final order by subject_id;
