-- snapshot_known: the rows of one snapshot extract that were known on `as_of`, one per record_key.
-- A key counts when the newest counting delivery still holds it. What that delivery says wins as soon as its
-- 登録日 is reached; until then the newest earlier version stands. Only keys with several versions (repeated_key) are
-- ranked.
create or replace temp macro snapshot_known(extract_name, as_of) as table
with standing as (
    select as_of_cutoff(extract_name, as_of) as delivered_on
),
newest_delivery as (
    select max(d.delivered_on) as delivered_on from delivery as d
    where d.extract = extract_name and d.delivered_on <= (select delivered_on from standing)
),
repeated as (
    select key_hash from repeated_key where extract = extract_name
),
single as (
    select * from query_table('src_' || extract_name)
    where
        recorded_on <= as_of
        and delivered_on <= (select delivered_on from newest_delivery)
        and seen_to >= (select delivered_on from newest_delivery)
        and hash(record_key) not in (select key_hash from repeated)
),
versions as (
    select *, seen_to >= (select delivered_on from newest_delivery) as is_current
    from query_table('src_' || extract_name)
    where
        delivered_on <= (select delivered_on from newest_delivery)
        and hash(record_key) in (select key_hash from repeated)
),
present as (
    select record_key from versions where is_current
),
newest as (
    select * exclude (is_current) from versions
    where recorded_on <= as_of and record_key in (select record_key from present)
    qualify row_number() over (
        partition by record_key
        order by is_current desc, recorded_on desc, delivered_on desc, receipt_id desc, row_number desc
    ) = 1
),
final as (
    select * from single
    union all
    select * from newest
)
select * from final;
