-- How the records of each extract found their resident.
with link as (
    select * from link
),

final as (
    select
        extract,
        count(*) filter (where status = 'auto') as auto,
        count(*) filter (where status = 'confirmed') as confirmed,
        count(*) filter (where status = 'review') as review,
        count(*) filter (where status = 'none') as none,
        count(*) filter (where status = 'rejected') as rejected
    from link
    where ($extracts::varchar[] is null or list_contains($extracts::varchar[], extract))
    group by extract
    order by extract asc
)

select * from final
