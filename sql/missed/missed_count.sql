-- missed_count: the figures of every gap, also of those without an entry. Parameters as in missed_support.
-- qualifies counts everybody the gap is about (not due yet included); connected only those of $connected_days.
with
gaps as (
    select * from missed_gap
),
found as (
    select gap, count(*) as qualifies, count(*) filter (where has) as has from missed_found group by gap
),
entries as (
    select
        gap,
        count(*) filter (where state = 'open') as open,
        count(*) filter (where state = 'unknown') as unknown,
        count(*) filter (where state = 'connected') as connected,
        $connected_days::integer as connected_days
    from missed_support
    group by gap
),
final as (
    select
        gaps.gap,
        gaps.ord,
        gaps.owner,
        gaps.qualifies_state,
        gaps.has_state,
        coalesce(found.qualifies, 0) as qualifies,
        coalesce(found.has, 0) as has,
        coalesce(entries.open, 0) as open,
        coalesce(entries.unknown, 0) as unknown,
        coalesce(entries.connected, 0) as connected,
        $as_of as as_of
    from gaps
    left join found on gaps.gap = found.gap
    left join entries on gaps.gap = entries.gap
)
select * from final order by ord;
