-- attendance_window(as_of, days): the newest months of every child until so many school days are covered, with the
-- share of the oldest month that still belongs to the window.
-- Counted in school days (授業日), so that August, a late transfer or a short month do not look like recovery.
-- A child whose newest month with school days is older than four months has no row and reads 不明; one with fewer
-- school days behind it (a new first-grader) is counted over those there are.
create or replace temp macro attendance_window(as_of, days) as table
with
months as (
    select *
    from attendance_months(as_of)
    where
        school_days > 0
        and month >= (date_trunc('month', as_of::date) - to_months((6 + days // 12)::integer))::date
),
counted as (
    select
        *,
        coalesce(sum(school_days) over earlier, 0) as days_after,
        max(month) over (partition by resident_id) as newest_month
    from months
    window earlier as (
        partition by resident_id order by month desc, record_key
        rows between unbounded preceding and 1 preceding
    )
),
final as (
    select *, least((days - days_after) / school_days, 1) as share
    from counted
    where
        days_after < days
        and newest_month >= (date_trunc('month', as_of::date) - to_months(4))::date
)
select * from final;
