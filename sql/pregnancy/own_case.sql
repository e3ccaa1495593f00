-- expectant_own_cases: consultations whose subject is the expectant woman herself: matched to her, or the 要対協 case of the
-- entry (of_entry) also where nobody is matched yet. One row per entry and 受付番号.
create or replace temp macro expectant_own_cases() as table
with
entries as (
    select entry_id, mother_id, consultations from expectant_entry
),
named as (
    select entry_id, unnest(consultations) as consultation_id from entries
),
cases as (
    select consultation_id, person_id, occurred_on, recorded_on from known_consultation
),
final as (
    select
        entries.entry_id, cases.consultation_id, cases.occurred_on, cases.recorded_on,
        list_contains(entries.consultations, cases.consultation_id) as of_entry
    from entries
    inner join cases on entries.mother_id = cases.person_id
    union
    select named.entry_id, cases.consultation_id, cases.occurred_on, cases.recorded_on, true
    from named
    inner join cases on named.consultation_id = cases.consultation_id
)
select * from final order by entry_id, consultation_id;
