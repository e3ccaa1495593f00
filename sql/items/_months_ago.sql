-- months_ago(as_of, n): the day n months before as_of; a window of n months is `day > months_ago(as_of, n)`.
create or replace temp macro months_ago(as_of, n) as (as_of::date - to_months(n))::date;
