-- contact_failed: how often she was out or refused (対応記録: 不在, 拒否) in six months.
create or replace temp macro expectant_fact_contact_failed(as_of) as table
with
own_cases as (
    select * from expectant_case
),
failed as (
    select * from known_contact_log
    where
        outcome in ('2', '3')
        and counterpart in ('1', '2')
        and occurred_on <= as_of::date
        and occurred_on > months_ago(as_of, 6)
),
final as (
    select
        own_cases.entry_id,
        count(*)::double as value,
        max(failed.occurred_on) as occurred_on,
        max(failed.recorded_on) as recorded_on,
        '不在・拒否 ' || count(*) || '回（最新 ' || max(failed.occurred_on) || '）' as detail
    from own_cases
    inner join failed on own_cases.consultation_id = failed.consultation_id
    group by own_cases.entry_id
)
select * from final order by entry_id;
