-- worsening_lined: where each alarm line lies: the lowest line at which the last twelve months would have given no more
-- alarms (months over the line after one under it) than the settings allow, by signal, method and group.
-- Crossings of a line h = months with score >= h less months where score and the score before are both >= h.
create or replace temp macro worsening_lined(as_of) as table
with
setting as (
    select * from worsening_chart_setting
),
subjects as (
    select line, signal, known_case from worsening_subject
),
newest_left_out as (
    select year(day) * 12 + month(day) as month_number from (select as_of::date - to_months(13) as day)
),
year as (
    select line from worsening_chart
    where ready and month_number > (select month_number from newest_left_out)
),
live as (
    select
        *,
        lag(ewma, 1, 0) over line_months as ewma_before,
        lag(cusum, 1, 0) over line_months as cusum_before
    from worsening_chart
    where is_live
    window line_months as (partition by line order by month_number)
),
live_year as (
    select subjects.signal, subjects.known_case, live.ewma, live.ewma_before, live.cusum, live.cusum_before
    from live
    inner join subjects on live.line = subjects.line
    where live.ready and live.month_number > (select month_number from newest_left_out)
),
points as (
    select signal, known_case, 'ewma' as method, ewma as score, ewma_before as score_before from live_year
    union all
    select signal, known_case, 'cusum', cusum, cusum_before from live_year
),
sizes as (
    select
        subjects.signal,
        subjects.known_case,
        count(*)
        * any_value(case when subjects.known_case then setting.alarms_case else setting.alarms_other end)
        / 100 as allowed
    from year
    inner join subjects on year.line = subjects.line
    cross join setting
    group by subjects.signal, subjects.known_case
),
steps as (
    select signal, known_case, method, score as h, 1 as step from points where score > 0
    union all
    select signal, known_case, method, least(score, score_before), -1 from points
    where least(score, score_before) > 0
),
tallied as (
    select signal, known_case, method, h, sum(step) as step from steps group by all
),
crossed as (
    select *, sum(step) over (partition by signal, known_case, method order by h desc) as crossings from tallied
),
peaked as (
    select *, max(crossings) over (partition by signal, known_case, method order by h desc) as peak from crossed
),
fitting as (
    select peaked.*, peaked.peak <= sizes.allowed as fits
    from peaked
    inner join sizes on peaked.signal = sizes.signal and peaked.known_case = sizes.known_case
),
final as (
    select
        signal,
        known_case,
        method,
        coalesce(min(h) filter (where fits), max(h) + 0.01) as line,
        coalesce(arg_min(crossings, h) filter (where fits), 0) as alarms_12m
    from fitting
    group by all
)
select * from final
order by signal, known_case, method;
