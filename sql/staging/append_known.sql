-- append_known: the rows of one append extract that were known on `as_of`, one per record_key:
-- newest 登録日, then newest delivery, then the later line. Only keys with several versions (repeated_key) are ranked.
create or replace temp macro append_known(extract_name, as_of) as table
with standing as (
    select as_of_cutoff(extract_name, as_of) as delivered_on
),
repeated as (
    select key_hash from repeated_key where extract = extract_name
),
single as (
    select * from query_table('src_' || extract_name)
    where
        recorded_on <= as_of
        and delivered_on <= (select delivered_on from standing)
        and hash(record_key) not in (select key_hash from repeated)
),
newest as (
    select * from query_table('src_' || extract_name)
    where
        recorded_on <= as_of
        and delivered_on <= (select delivered_on from standing)
        and hash(record_key) in (select key_hash from repeated)
    qualify row_number() over (
        partition by record_key
        order by recorded_on desc, delivered_on desc, receipt_id desc, row_number desc
    ) = 1
),
final as (
    select * from single
    union all
    select * from newest
)
select * from final;
