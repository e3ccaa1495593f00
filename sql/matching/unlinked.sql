-- One page of the records of one extract that belong to nobody: why, and how far the nearest resident is.
with

links as (
    select
        extract,
        record_key,
        status,
        decided_by,
        coalesce(nullif(string_split(reasons, '；')[-1], ''), '一致する住民が見つかりません') as why
    from link
    where extract = $extract and status in ('none', 'rejected')
),

nearest as (
    select extract, record_key, reasons from link_candidate where extract = $extract and rank = 1
),

final as (
    select
        l.record_key,
        l.status,
        l.decided_by,
        l.why,
        coalesce(n.reasons, '') as nearest,
        count(*) over () as total
    from links as l
    left join nearest as n on n.record_key = l.record_key
    where $why::varchar is null or l.why = $why::varchar
    order by l.record_key
    limit $most::integer offset $skipped::integer
)

select * from final
order by record_key
