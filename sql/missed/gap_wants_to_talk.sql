-- wants_to_talk: the child itself answered that it wants to talk (相談希望) in the last 60 days, and no 教育相談 or
-- consultation since. A child's own words always go to a person; a wish after an answer waits anew.
create or replace temp macro missed_gap_wants_to_talk(as_of, grace) as table
with
children as (
    select resident_id from child where not in_care
),
wishes as (
    select person_id, occurred_on, recorded_on from known_mood_check
    where wants_to_talk and occurred_on <= as_of::date and occurred_on > as_of::date - 60 and person_id is not null
),
answers as (
    select * from answered(as_of)
),
gathered as (
    select
        wishes.person_id,
        min(wishes.occurred_on) filter (
            where answers.answered_on is null or wishes.occurred_on > answers.answered_on
        ) as waits_from,
        min(wishes.occurred_on) as first_on,
        max(wishes.occurred_on) as last_on,
        count(*) as times,
        max(wishes.recorded_on) as recorded_on,
        max(answers.answered_on) as answered_on
    from wishes
    left join answers on wishes.person_id = answers.resident_id
    group by wishes.person_id
),
final as (
    select
        children.resident_id as subject_id,
        (coalesce(gathered.waits_from, gathered.first_on) + grace)::date as since_on,
        gathered.recorded_on as known_on,
        gathered.waits_from is null as has,
        case when gathered.waits_from is null then gathered.answered_on end as had_on,
        null::varchar as why,
        gathered.last_on::varchar as mark,
        '本人が「相談したい」と回答 ' || gathered.times || '回（' || gathered.first_on
        || case when gathered.times > 1 then '〜' || gathered.last_on else '' end || '）' as detail
    from children
    inner join gathered on children.resident_id = gathered.person_id
)
select * from final order by subject_id;
