-- append_known: the rows of one append extract that were known on `as_of`, one per record_key:
-- newest 登録日, then newest delivery, then the later line. Only keys with several versions are ranked.
create or replace temp macro append_known(extract_name, as_of) as table
with counting as (
    select * from query_table('src_' || extract_name)
    where recorded_on <= as_of and delivered_on <= as_of_cutoff(extract_name, as_of)
),
repeated as (
    select hash(record_key) as key_hash from counting group by 1 having count(*) > 1
),
single as (
    select * from counting where hash(record_key) not in (select key_hash from repeated)
),
newest as (
    select * from counting where hash(record_key) in (select key_hash from repeated)
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
