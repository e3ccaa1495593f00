-- Which key this store belongs to: a keyed fingerprint, from which nobody gets the key back.

create table store_fact (
    name text primary key,
    value text not null
) strict;
