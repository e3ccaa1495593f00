-- To whom each delivered record belongs, how sure that is, and why.
with link as (
    select * from link
),

final as (
    select
        extract,
        record_key,
        resident_id,
        status,
        probability,
        reasons
    from link
    order by extract asc, record_key asc
)

select * from final
