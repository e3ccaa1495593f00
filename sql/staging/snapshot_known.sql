-- snapshot_known: the rows of one snapshot extract that were known on `as_of`, one per record_key.
-- A key counts when the newest counting delivery still holds it. What that delivery says wins as soon as its
-- 登録日 is reached; until then the newest earlier version stands.
create or replace temp macro snapshot_known(extract_name, as_of) as table
with newest_delivery as (
    select max(d.delivered_on) as delivered_on from delivery as d
    where d.extract = extract_name and d.delivered_on <= as_of_cutoff(extract_name, as_of)
),
counting as (
    select s.*, s.seen_to >= n.delivered_on as is_current
    from query_table('src_' || extract_name) as s, newest_delivery as n
    where s.delivered_on <= n.delivered_on
),
present as (
    select record_key from counting where is_current
),
final as (
    select * exclude (is_current) from counting
    where recorded_on <= as_of and record_key in (select record_key from present)
    qualify row_number() over (
        partition by record_key
        order by is_current desc, recorded_on desc, delivered_on desc, receipt_id desc, row_number desc
    ) = 1
)
select * from final;
