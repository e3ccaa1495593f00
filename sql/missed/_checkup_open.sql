-- checkup_open(as_of, results): preschool children whose newest attended check-up ended with one of `results`, and the first
-- help after it: 障害児通所支援, 教育相談, こども家庭相談 or a meeting in 対応記録.
create or replace temp macro checkup_open(as_of, results) as table
with
children as (
    select resident_id from child where coalesce(school_grade < 1, age <= 5) and not in_care
),
newest as (
    select * from known_infant_checkup
    where attended_on <= as_of::date
    qualify row_number() over (partition by person_id order by attended_on desc, checkup desc) = 1
),
helps as (
    select person_id as resident_id, started_on as had_on, ended_on from known_day_support
    where started_on <= as_of::date
    union all
    select resident_id, occurred_on, null from met_about(as_of)
),
first_help as (
    select newest.person_id, min(helps.had_on) as had_on
    from newest
    inner join helps
        on newest.person_id = helps.resident_id
        and (
            helps.had_on >= newest.attended_on
            -- 通所 that ran at the check-up or later already sees the child
            or (helps.had_on < newest.attended_on and helps.ended_on > newest.attended_on)
        )
    group by newest.person_id
),
running as (
    select person_id, min(started_on) as had_on from known_day_support
    where started_on <= as_of::date and (ended_on is null or ended_on > as_of::date)
    group by person_id
),
final as (
    select
        children.resident_id, newest.attended_on, newest.result, newest.checkup, newest.recorded_on,
        coalesce(running.had_on, first_help.had_on) as had_on
    from children
    inner join newest on children.resident_id = newest.person_id
    left join first_help on children.resident_id = first_help.person_id
    left join running on children.resident_id = running.person_id
    where list_contains(results, newest.result)
)
select * from final;
