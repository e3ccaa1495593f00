-- wants_to_talk: the child itself answered that it wants to talk (相談希望) in the last 60 days, and no 教育相談 or
-- consultation since. A child's own words always go to a person.
create or replace temp macro missed_gap_wants_to_talk(as_of, grace) as table
with
children as (
    select resident_id from child where not in_care
),
wishes as (
    select
        person_id, min(occurred_on) as first_on, max(occurred_on) as last_on, count(*) as times,
        max(recorded_on) as recorded_on
    from known_mood_check
    where wants_to_talk and occurred_on <= as_of::date and occurred_on > as_of::date - 60
    group by person_id
),
first_help as (
    select wishes.person_id, min(met.occurred_on) as had_on
    from wishes
    inner join met_about(as_of) as met
        on wishes.person_id = met.resident_id and met.occurred_on >= wishes.first_on
    group by wishes.person_id
),
final as (
    select
        children.resident_id as subject_id,
        (wishes.first_on + grace)::date as since_on,
        wishes.recorded_on as known_on,
        first_help.had_on is not null as has,
        first_help.had_on,
        null::varchar as why,
        wishes.last_on::varchar as mark,
        '本人が「相談したい」と回答 ' || wishes.times || '回（' || wishes.first_on
        || case when wishes.times > 1 then '〜' || wishes.last_on else '' end || '）' as detail
    from children
    inner join wishes on children.resident_id = wishes.person_id
    left join first_help on children.resident_id = first_help.person_id
)
select * from final order by subject_id;
