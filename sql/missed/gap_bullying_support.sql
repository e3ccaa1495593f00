-- bullying_support: bullied in a 重大事態 (12 months or unresolved), or unresolved for 90 days, and no 教育相談 or consultation
-- since. Open since the first incident nobody answered.
create or replace temp macro missed_gap_bullying_support(as_of, grace) as table
with
children as (
    select resident_id from child where not in_care
),
incidents as (
    select *, coalesce(status in ('1', '2') and (resolved_on is null or resolved_on > as_of::date), false) as is_open
    from known_bullying
    where role = '1' and occurred_on <= as_of::date and person_id is not null
),
heavy as (
    select
        person_id, occurred_on, recorded_on, coalesce(serious, false) as serious,
        (occurred_on + case when serious then grace else 90 end)::date as since_on
    from incidents
    where
        (coalesce(serious, false) and (is_open or occurred_on > months_ago(as_of, 12)))
        or (is_open and occurred_on <= as_of::date - 90 and occurred_on > months_ago(as_of, 24))
),
answers as (
    select * from answered(as_of)
),
gathered as (
    select
        heavy.person_id,
        min(heavy.since_on) filter (
            where answers.answered_on is null or heavy.occurred_on > answers.answered_on
        ) as waits_from,
        max(heavy.since_on) as newest_since,
        max(heavy.occurred_on) as newest_on,
        bool_or(heavy.serious) as serious,
        count(*) as times,
        max(heavy.recorded_on) as recorded_on,
        max(answers.answered_on) as answered_on
    from heavy
    left join answers on heavy.person_id = answers.resident_id
    group by heavy.person_id
),
final as (
    select
        children.resident_id as subject_id,
        coalesce(gathered.waits_from, gathered.newest_since) as since_on,
        gathered.recorded_on as known_on,
        gathered.waits_from is null as has,
        case when gathered.waits_from is null then gathered.answered_on end as had_on,
        null::varchar as why,
        gathered.newest_on || '|' || gathered.serious as mark,
        case when gathered.serious then 'いじめの重大事態' else '解消していないいじめ（被害）' end
        || ' ' || gathered.times || '件（認知 ' || gathered.newest_on || '）' as detail
    from children
    inner join gathered on children.resident_id = gathered.person_id
)
select * from final order by subject_id;
