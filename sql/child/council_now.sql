-- council_now: 要対協 cases by 受付番号 as they stand on `as_of`: the row with the newest 登載日 is the present state,
-- one row per 受付番号 with the person it belongs to. Source: 要対協; 特定妊婦 rows (kind 3) belong to the mother.
create or replace temp macro council_now(as_of) as table
with cases as (
    select * from known_council_case where started_on <= as_of
),
newest as (
    select * from cases
    qualify row_number() over (partition by consultation_id order by started_on desc, record_key desc) = 1
),
final as (
    select
        consultation_id, person_id, kind, severity::int as severity, started_on, ended_on, lead, recorded_on,
        record_key, (ended_on is null or ended_on > as_of) as is_open
    from newest
    order by consultation_id
)
select * from final;
