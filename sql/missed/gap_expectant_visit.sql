-- expectant_visit: a 特定妊婦 whom nobody of the centre has met for `grace` days. The subject is the pregnancy
-- (expectant.entry_id). Where the centre has no case of her it is unknown: the health office's visits are not delivered.
create or replace temp macro missed_gap_expectant_visit(as_of, grace) as table
with
entries as (
    select * from expectant where state in ('expecting', 'overdue') and residence in ('here', 'struck', 'unlinked')
),
facts as (
    select * from expectant_fact
),
final as (
    select
        entries.entry_id as subject_id,
        (coalesce(seen.occurred_on, entries.case_on, entries.notified_on) + grace)::date as since_on,
        coalesce(seen.recorded_on, entries.recorded_on) as known_on,
        seen.value < grace as has,
        case when seen.value < grace then seen.occurred_on end as had_on,
        coalesce(seen.why, 'センターの対応記録がない（おやこ保健課の訪問は連携されていません）') as why,
        coalesce(seen.occurred_on, entries.case_on, entries.notified_on)::varchar as mark,
        concat_ws('、', specified.detail, seen.detail) as detail
    from entries
    inner join facts as specified
        on entries.entry_id = specified.entry_id and specified.code = 'specified' and specified.value >= 1
    left join facts as seen on entries.entry_id = seen.entry_id and seen.code = 'days_without_contact'
)
select * from final order by subject_id;
