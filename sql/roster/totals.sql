-- One row of totals over the children in scope.
with

children as (
    select resident_id, known_case, council_open from child where {scope}
),

settled as (
    select unnest($settled::varchar[]) as resident_id
),

ranked as (
    select resident_id, max(level) as top
    from judgement
    where level >= 1
    group by resident_id
),

final as (
    select
        count(*) as children,
        count(ranked.resident_id) as listed,
        count(ranked.resident_id) filter (
            where children.resident_id not in (select resident_id from settled)
        ) as unreviewed,
        count(ranked.resident_id) filter (
            where ranked.top >= 3 and children.resident_id not in (select resident_id from settled)
        ) as urgent,
        count(ranked.resident_id) filter (
            where not children.known_case and children.resident_id not in (select resident_id from settled)
        ) as unknown_to_centre
    from children
    left join ranked using (resident_id)
)

select * from final
