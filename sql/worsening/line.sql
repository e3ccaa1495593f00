-- worsening_lined: where each alarm line lies: the lowest line at which the last twelve months would have given no more
-- alarms (months over the line after one under it) than the settings allow, by signal, method and group.
-- Crossings of a line h = months with score >= h less months where score and the score before are both >= h.
create or replace temp macro worsening_lined(as_of) as table
with
setting as (
    select * from worsening_chart_setting
),
chart as (
    select
        *,
        lag(ewma, 1, 0) over child_months as ewma_before,
        lag(cusum, 1, 0) over child_months as cusum_before
    from worsening_chart
    window child_months as (partition by resident_id, signal order by month)
),
year as (
    select * from chart where ready and month > (as_of::date - to_months(13))
),
points as (
    select signal, known_case, 'ewma' as method, ewma as score, ewma_before as score_before from year
    union all
    select signal, known_case, 'cusum', cusum, cusum_before from year
),
sizes as (
    select
        points.signal,
        points.known_case,
        points.method,
        count(*)
        * any_value(case when points.known_case then setting.alarms_case else setting.alarms_other end)
        / 100 as allowed
    from points
    cross join setting
    group by points.signal, points.known_case, points.method
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
    inner join sizes
        on peaked.signal = sizes.signal and peaked.known_case = sizes.known_case and peaked.method = sizes.method
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
