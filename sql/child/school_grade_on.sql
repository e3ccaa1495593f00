-- school_grade_on: 学年 on a day by birth date: 1-6 小学校, 7-9 中学校, 10-12 高校年代, 0 就学予定者, below 0 younger.
-- School years begin on 2 April (学校教育法17条): born on 1 April belongs to the year before.
create or replace temp macro school_grade_on(born, on_day) as (
    (
        fiscal_year(on_day) - year(born) - 5
        - case when month(born) * 100 + day(born) > 401 then 1 else 0 end
    )::int
);
