-- allowance_report: 児童扶養手当 whose 現況届 has not been handed in: payment stops though the right goes on.
-- A version that says 提出 after one that said 未提出 closes it.
create or replace temp macro missed_gap_allowance_report(as_of, grace) as table
with
children as (
    select resident_id from child where not in_care
),
running as (
    select * from known_child_rearing_allowance
    where started_on <= as_of::date and (ended_on is null or ended_on > as_of::date)
    qualify row_number() over (partition by person_id order by started_on desc, record_key desc) = 1
),
versions as (
    select record_key, max(recorded_on) as missing_on, min(recorded_on) as first_missing_on
    from src_child_rearing_allowance
    where
        annual_report = '2'
        and recorded_on <= as_of::date
        and recorded_on > months_ago(as_of, 12)
        and delivered_on <= as_of_cutoff('child_rearing_allowance', as_of)
    group by record_key
),
found as (
    select children.resident_id, running.*, versions.missing_on, versions.first_missing_on
    from children
    inner join running on children.resident_id = running.person_id
    left join versions on running.record_key = versions.record_key
    where
        running.annual_report = '2'
        or (running.annual_report = '1' and versions.missing_on <= running.recorded_on)
),
final as (
    select
        resident_id as subject_id,
        (coalesce(first_missing_on, recorded_on) + grace)::date as since_on,
        recorded_on as known_on,
        annual_report = '1' as has,
        case when annual_report = '1' then recorded_on end as had_on,
        null::varchar as why,
        started_on::varchar || '|' || year(coalesce(first_missing_on, recorded_on)) as mark,
        '児童扶養手当（認定 ' || started_on || '）の現況届が未提出（' || recorded_on || ' 登録）' as detail
    from found
)
select * from final order by subject_id;
