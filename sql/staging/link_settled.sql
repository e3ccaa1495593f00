-- link_settled: which resident the numbers of one extract belong to, where that is settled (auto or confirmed).
-- `number` is the record key, which for one-column keys is the number that `via:` extracts repeat.
create or replace temp macro link_settled(extract_name) as table
with final as (
    select record_key as number, resident_id from link
    where extract = extract_name and status in ('auto', 'confirmed') and resident_id is not null
)
select * from final;
