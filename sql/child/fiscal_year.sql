-- fiscal_year: the 年度 of a day, 1 April to 31 March, named by the year it begins in.
create or replace temp macro fiscal_year(on_day) as (
    (year(on_day) - case when month(on_day) < 4 then 1 else 0 end)::int
);
