-- self_harm: 自傷・希死念慮 noted by the school in the last 12 months, and no 教育相談 or consultation since.
-- Open since the first one nobody answered: a further one never takes the child off the list.
create or replace temp macro missed_gap_self_harm(as_of, grace) as table
with
children as (
    select resident_id from child where not in_care
),
noted as (
    select person_id, occurred_on, recorded_on from known_guidance
    where kind = '4' and occurred_on <= as_of::date and occurred_on > months_ago(as_of, 12) and person_id is not null
),
answers as (
    select * from answered(as_of)
),
gathered as (
    select
        noted.person_id,
        min(noted.occurred_on) filter (
            where answers.answered_on is null or noted.occurred_on > answers.answered_on
        ) as waits_from,
        max(noted.occurred_on) as newest_on,
        count(*) as times,
        max(noted.recorded_on) as recorded_on,
        max(answers.answered_on) as answered_on
    from noted
    left join answers on noted.person_id = answers.resident_id
    group by noted.person_id
),
final as (
    select
        children.resident_id as subject_id,
        (coalesce(gathered.waits_from, gathered.newest_on) + grace)::date as since_on,
        gathered.recorded_on as known_on,
        gathered.waits_from is null as has,
        case when gathered.waits_from is null then gathered.answered_on end as had_on,
        null::varchar as why,
        gathered.newest_on::varchar as mark,
        '自傷・希死念慮の記録 ' || gathered.times || '件（最新 ' || gathered.newest_on || '）' as detail
    from children
    inner join gathered on children.resident_id = gathered.person_id
)
select * from final order by subject_id;
