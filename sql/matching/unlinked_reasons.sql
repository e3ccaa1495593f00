-- How many records of each extract belong to nobody, and why.
with

links as (
    select
        extract,
        coalesce(nullif(string_split(reasons, '；')[-1], ''), '一致する住民が見つかりません') as why
    from link
    where status in ('none', 'rejected') and list_contains($extracts::varchar[], extract)
),

final as (
    select extract, why, count(*) as records from links group by extract, why
)

select * from final
order by extract, why
