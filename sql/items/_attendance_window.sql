-- attendance_window(as_of, days): the newest months of every child until so many school days are covered, with the
-- share of the oldest month that still belongs to the window. At most 216 days.
-- Counted in school days (授業日), so that August, a late transfer or a short month do not look like recovery.
-- A child whose newest month with school days is older than four months has no row and reads 不明; one with fewer
-- school days behind it (a new first-grader) is counted over those there are.
create or replace temp macro attendance_window(as_of, days) as table
with
months as (
    select *
    from attendance_months(as_of)
    where
        days_after < days
        and month >= (date_trunc('month', as_of::date) - to_months((6 + days // 12)::integer))::date
),
reached as (
    select resident_id from months
    where months_back = 1 and month >= (date_trunc('month', as_of::date) - to_months(4))::date
),
final as (
    select *, least((days - days_after) / school_days, 1) as share
    from months
    where resident_id in (select resident_id from reached)
)
select * from final;
