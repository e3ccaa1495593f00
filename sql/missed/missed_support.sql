-- missed_support: the entries of the work list. Parameters: $as_of, $connected_days. Reads missed_found (what each gap's own
-- relation found), missed_gap (the gaps and the state of their sources) and link.
-- open: lacks the support, known so, since a day not after $as_of. unknown: a source is missing or has stopped, the gap's
-- relation cannot tell, or a record that may be the child's waits for 名寄せ. connected: the support came after the day the
-- gap began and within $connected_days. Whoever qualifies and has it, or is not due yet, is no entry.
with
found as (
    select * from missed_found
),
gaps as (
    select * from missed_gap
),
waiting as (
    select distinct extract, resident_id from link where status = 'review' and resident_id is not null
),
unmatched as (
    select distinct gaps.gap, waiting.resident_id
    from gaps
    inner join waiting on list_contains(gaps.matched, waiting.extract)
),
told as (
    select
        found.*,
        gaps.ord,
        gaps.owner,
        gaps.subject_kind,
        case
            when gaps.qualifies_state <> 'ok' then gaps.qualifies_state
            when found.has then null
            when gaps.has_state <> 'ok' then gaps.has_state
            when found.has is null then coalesce(found.why, '記録なし')
            when unmatched.resident_id is not null then '名寄せできていない'
        end as unknown_why
    from found
    inner join gaps on found.gap = gaps.gap
    left join unmatched on found.gap = unmatched.gap and found.subject_id = unmatched.resident_id
),
stated as (
    select
        *,
        case
            when unknown_why is not null then 'unknown'
            when not has then 'open'
            when had_on >= since_on and had_on > $as_of - $connected_days::integer then 'connected'
        end as state
    from told
    where since_on <= $as_of
),
final as (
    select
        gap,
        ord,
        owner,
        subject_kind,
        subject_id,
        state,
        since_on,
        known_on,
        case when state = 'connected' then had_on end as had_on,
        ($as_of - since_on)::integer as days_open,
        unknown_why as why,
        mark,
        detail
    from stated
    where state is not null
)
select * from final order by ord, since_on, subject_id;
