-- council_state(as_of): the state of every 要対協 case as known on as_of, one row per 受付番号.
-- The row with the newest 登載日 is the state (contract 12b): closing and a change of severity both come as new
-- rows.
create or replace macro council_state(as_of) as table
with
council_case as (
    select * from known_council_case where started_on <= as_of::date
),
ranked as (
    select
        *,
        min(started_on) over (partition by consultation_id) as first_started_on,
        row_number() over (partition by consultation_id order by started_on desc, record_key desc) as versions_back
    from council_case
),
final as (
    select
        consultation_id,
        person_id,
        record_key,
        kind,
        severity::integer as severity,
        first_started_on,
        started_on,
        ended_on,
        recorded_on,
        ended_on is null or ended_on > as_of::date as is_open
    from ranked
    where versions_back = 1
)
select * from final;
