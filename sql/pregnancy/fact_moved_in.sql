-- moved_in: 1 when she came to live in the city during this pregnancy; what went before stayed with the city she left.
create or replace temp macro expectant_fact_moved_in(as_of) as table
with
entries as (
    select *, coalesce(due_estimated - 280, case_on - 180) as begun_on
    from expectant_entry
    where resident_since is not null
),
final as (
    select
        entry_id,
        (resident_since >= begun_on)::integer::double as value,
        resident_since as occurred_on,
        recorded_on,
        case when resident_since >= begun_on then '妊娠中に転入（' || resident_since || '）' end as detail
    from entries
)
select * from final order by entry_id;
