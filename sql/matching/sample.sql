-- Automatic links of one extract drawn by lot: the records with the smallest hash.
with

links as (
    select * from link where extract = $extract and status = 'auto'
),

final as (
    select extract, record_key, probability, reasons from links
    order by md5(extract || '|' || record_key), record_key
    limit $most::integer
)

select * from final
