-- child_allowance_suspended: 児童手当 is withheld (差止), mostly because a report is missing.
create or replace temp macro missed_gap_child_allowance_suspended(as_of, grace) as table
with
children as (
    select resident_id from child where not in_care
),
running as (
    select * from known_child_allowance
    where started_on <= as_of::date and (ended_on is null or ended_on > as_of::date)
    qualify row_number() over (partition by person_id order by started_on desc, record_key desc) = 1
),
versions as (
    select record_key, min(recorded_on) as first_on, max(recorded_on) as last_on
    from src_child_allowance
    where
        suspended
        and recorded_on <= as_of::date
        and recorded_on > months_ago(as_of, 12)
        and delivered_on <= as_of_cutoff('child_allowance', as_of)
    group by record_key
),
found as (
    select children.resident_id, running.*, versions.first_on, versions.last_on
    from children
    inner join running on children.resident_id = running.person_id
    left join versions on running.record_key = versions.record_key
    where running.suspended or (not running.suspended and versions.last_on <= running.recorded_on)
),
final as (
    select
        resident_id as subject_id,
        (coalesce(first_on, recorded_on) + grace)::date as since_on,
        recorded_on as known_on,
        not suspended as has,
        case when not suspended then recorded_on end as had_on,
        null::varchar as why,
        started_on::varchar || '|' || coalesce(first_on, recorded_on) as mark,
        '児童手当が差止（' || recorded_on || ' 登録）' as detail
    from found
)
select * from final order by subject_id;
