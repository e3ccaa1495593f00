-- fiscal_year_start(as_of): 1 April of the fiscal year (年度) that as_of lies in.
create or replace macro fiscal_year_start(as_of) as make_date(
    (year(as_of::date) - (month(as_of::date) < 4)::integer)::integer, 4, 1
);
