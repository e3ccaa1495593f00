-- fiscal_year_start(as_of): 1 April of the fiscal year (年度) that as_of lies in.
create or replace temp macro fiscal_year_start(as_of) as make_date(fiscal_year(as_of), 4, 1);
