-- bullying_support: bullied in a 重大事態 (12 months or unresolved), or unresolved for 90 days, and no 教育相談 or consultation
-- since.
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
    select *, (occurred_on + case when serious then grace else 90 end)::date as since_on
    from incidents
    where
        (coalesce(serious, false) and (is_open or occurred_on > months_ago(as_of, 12)))
        or (is_open and occurred_on <= as_of::date - 90 and occurred_on > months_ago(as_of, 24))
),
gravest as (
    select * from heavy
    qualify row_number() over (
        partition by person_id order by coalesce(serious, false) desc, occurred_on desc, record_key desc
    ) = 1
),
first_help as (
    select gravest.person_id, min(met.occurred_on) as had_on
    from gravest
    inner join met_about(as_of) as met
        on gravest.person_id = met.resident_id and met.occurred_on >= gravest.occurred_on
    group by gravest.person_id
),
final as (
    select
        children.resident_id as subject_id,
        gravest.since_on,
        gravest.recorded_on as known_on,
        first_help.had_on is not null as has,
        first_help.had_on,
        null::varchar as why,
        gravest.occurred_on || '|' || coalesce(gravest.serious, false) as mark,
        case when gravest.serious then 'いじめの重大事態' else '解消していないいじめ（被害）' end
        || '（認知 ' || gravest.occurred_on || '）' as detail
    from children
    inner join gravest on children.resident_id = gravest.person_id
    left join first_help on children.resident_id = first_help.person_id
)
select * from final order by subject_id;
