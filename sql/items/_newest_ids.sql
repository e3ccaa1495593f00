-- newest_ids(extract, record_key, day): aggregate; the event ids of the newest five rows of a group.
create or replace temp macro newest_ids(extract, record_key, day) as coalesce(
    list(extract || ':' || record_key order by day desc, extract || ':' || record_key)[1:5], []::varchar[]
);
