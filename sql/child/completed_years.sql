-- completed_years: age in completed years on a day. A 29 February child is a year older from 1 March of a common year.
create or replace temp macro completed_years(born, on_day) as (
    (
        year(on_day) - year(born)
        - case when month(on_day) * 100 + day(on_day) < month(born) * 100 + day(born) then 1 else 0 end
    )::int
);
