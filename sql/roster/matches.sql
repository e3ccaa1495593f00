-- One page of children in the order of checking, with the number of all that fit.
-- Parameters are NULL where a filter is not set; {scope} is the access condition over child's columns.
with

children as (
    select * from child where {scope}
),

judgements as (
    select * from judgement where rank is not null
),

facts as (
    select distinct resident_id
    from event
    where department_code = $department::varchar
),

found as (
    select
        unnest($found::varchar[]) as resident_id,
        generate_subscripts($found::varchar[], 1) as place
),

settled as (
    select unnest($settled::varchar[]) as resident_id
),

standing as (
    select
        resident_id,
        min(rank) as rank,
        bool_or(
            ($categories::varchar[] is null or list_contains($categories::varchar[], category))
            and (
                list_contains($levels::integer[], level)
                or ($levels::integer[] is null and ($categories::varchar[] is null or level >= 1))
            )
        ) as fits
    from judgements
    group by resident_id
),

fitting as (
    select
        children.resident_id,
        children.kana,
        standing.rank,
        found.place
    from children
    left join standing using (resident_id)
    left join found using (resident_id)
    where
        ($found::varchar[] is null or found.place is not null)
        and (not $listed::boolean or standing.rank is not null)
        and ($categories::varchar[] is null and $levels::integer[] is null or coalesce(standing.fits, false))
        and ($bands::varchar[] is null or list_contains($bands::varchar[], children.age_band))
        and ($grades::integer[] is null or list_contains($grades::integer[], children.school_grade))
        and ($schools::varchar[] is null or (not children.protected and list_contains($schools::varchar[], children.school_name)))
        and ($department::varchar is null or children.resident_id in (select resident_id from facts))
        and (
            not $unreviewed::boolean
            or (standing.rank is not null and children.resident_id not in (select resident_id from settled))
        )
        and (not $council::boolean or children.council_open)
        and (not $support::boolean or children.support_open)
        and (not $unknown::boolean or not children.known_case)
),

final as (
    select
        resident_id,
        kana,
        rank,
        place,
        count(*) over () as total
    from fitting
    order by
        place nulls last,
        case when $by_rank::boolean then rank end nulls last,
        kana nulls last,
        resident_id
    limit $limit offset $offset
)

select resident_id, rank, total from final
order by place nulls last, case when $by_rank::boolean then rank end nulls last, kana nulls last, resident_id
