-- rule_severity_up: the severity of a 要対協 case rose in a row that became known lately, against the row before it of
-- the same 受付番号; closing rows are left out.
create or replace temp macro worsening_rule_severity_up(as_of, days) as table
with
council_case as (
    select
        *,
        lag(severity) over (partition by consultation_id order by started_on, record_key) as severity_before
    from known_council_case
    where started_on <= as_of::date and ended_on is null
),
final as (
    select
        person_id as resident_id,
        max(started_on) as happened_on,
        max(recorded_on) as known_on,
        list('council_case:' || record_key order by started_on desc, record_key)[1:3] as event_ids
    from council_case
    where
        person_id is not null
        and severity::integer > severity_before::integer
        and recorded_on > as_of::date - days
    group by person_id
)
select * from final;
