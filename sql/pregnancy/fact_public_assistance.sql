-- public_assistance: 1 when she receives 生活保護. Never a reason alone: using help is no risk.
create or replace temp macro expectant_fact_public_assistance(as_of) as table
with
entries as (
    select * from expectant_entry where mother_id is not null
),
running as (
    select * from known_public_assistance
    where started_on <= as_of::date and (ended_on is null or ended_on > as_of::date)
),
final as (
    select
        entries.entry_id,
        1::double as value,
        max(running.started_on) as occurred_on,
        max(running.recorded_on) as recorded_on,
        '生活保護（開始 ' || max(running.started_on) || '）' as detail
    from entries
    inner join running on entries.mother_id = running.person_id
    group by entries.entry_id
)
select * from final order by entry_id;
