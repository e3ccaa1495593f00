-- days_without_contact: days since somebody of the centre last met or talked with her (since the case began, where nobody
-- has). Known only for women the centre has a case of; おやこ保健課's own visits to expectant women are not delivered, so
-- for everybody else this is unknown, not "never".
create or replace temp macro expectant_fact_days_without_contact(as_of) as table
with
entries as (
    select * from expectant_entry
),
own_cases as (
    select
        expectant_case.entry_id, expectant_case.consultation_id, expectant_case.recorded_on,
        case
            when expectant_case.of_entry then greatest(expectant_case.occurred_on, entries.case_on)
            else expectant_case.occurred_on
        end as occurred_on
    from expectant_case
    inner join entries on expectant_case.entry_id = entries.entry_id
    where
        expectant_case.occurred_on <= as_of::date
        and (
            expectant_case.of_entry
            or expectant_case.occurred_on > coalesce(entries.due_estimated - 300, entries.case_on - 300)
        )
),
met as (
    select consultation_id, occurred_on, recorded_on from known_contact_log
    where outcome = '1' and counterpart in ('1', '2') and occurred_on <= as_of::date
),
gathered as (
    select
        entries.entry_id,
        min(own_cases.occurred_on) as asked_on,
        max(met.occurred_on) as met_on,
        coalesce(max(met.recorded_on), max(own_cases.recorded_on)) as recorded_on
    from entries
    left join own_cases on entries.entry_id = own_cases.entry_id
    left join met on own_cases.consultation_id = met.consultation_id
    group by entries.entry_id
),
final as (
    select
        entry_id,
        (as_of::date - coalesce(met_on, asked_on))::double as value,
        met_on as occurred_on,
        recorded_on,
        case
            when asked_on is null then null
            when met_on is null then '相談の受付（' || asked_on || '）から、会えた記録がない'
            else '最後に会えたのは ' || met_on
        end as detail
    from gathered
)
select * from final order by entry_id;
