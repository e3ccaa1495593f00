-- worsening_child: the children by a number, with that of their age band: numbers make millions of months narrow.
create or replace temp table worsening_child as
with
children as (
    select resident_id, known_case, coalesce(age_band, '') as age_band from child
),
final as (
    select
        row_number() over (order by resident_id)::integer as child_no,
        dense_rank() over (order by age_band)::integer as band_no,
        resident_id,
        known_case
    from children
)
select * from final
order by child_no;
