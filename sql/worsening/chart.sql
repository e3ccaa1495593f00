-- worsening_chart: every watched month held against the child's own baseline, with EWMA and CUSUM, in one statement.
-- Season: the rate per school day of the same month and age band in the city. Baseline: the child's own months
-- base_from to base_to before, relative to that season, shrunk towards the cohort (Gamma-Poisson; `pull` by moments).
-- z: distance from the usual in a negative binomial whose spread (`noise`) is taken by moments. EWMA: weighted lags of
-- z. CUSUM: C - least(0, min(earlier C)) of the log-ratio between shift times the usual and the usual.
-- Scores count only in months that rise by min_rise and more; a month without a baseline scores 0.
create or replace temp macro worsening_charted(as_of) as table
with
setting as (
    select * from worsening_chart_setting
),
counts as materialized (
    select *, (year(month) * 12 + month(month))::integer as month_number from worsening_counts(as_of)
),
overall as (
    select signal, sum(value) / sum(exposure) as rate from counts group by signal
),
season as (
    select
        counts.signal,
        counts.age_band,
        counts.month,
        (sum(counts.value) + 100 * any_value(overall.rate)) / (sum(counts.exposure) + 100) as rate
    from counts
    inner join overall on counts.signal = overall.signal
    group by all
),
paced as (
    select counts.*, counts.exposure * greatest(season.rate, 0.0001) as pace
    from counts
    inner join season
        on counts.signal = season.signal and counts.age_band = season.age_band and counts.month = season.month
),
based as materialized (
    select
        *,
        coalesce(sum(value) over base, 0) as base_value,
        coalesce(sum(pace) over base, 0) as base_pace,
        count(*) over base >= (select base_months from setting) as ready
    from paced
    window base as (
        partition by resident_id, signal
        order by month_number
        range between (select base_from from setting) preceding and (select base_to from setting) preceding
    )
),
pull as (
    select
        signal,
        case
            when sum((base_value - base_pace) ** 2 - base_value) > 0
                then least(
                    greatest(sum(base_pace ** 2) / sum((base_value - base_pace) ** 2 - base_value), 0.5), 20
                )
            else 20
        end as k
    from based
    where ready
    group by signal
),
fitted as materialized (
    select
        based.*,
        greatest(based.pace * (pull.k + based.base_value) / (pull.k + based.base_pace), 0.05) as usual
    from based
    inner join pull on based.signal = pull.signal
),
noise as (
    select
        signal,
        case
            when sum((value - usual) ** 2 - usual) > 0
                then least(greatest(sum(usual ** 2) / sum((value - usual) ** 2 - usual), 0.3), 20)
            else 20
        end as r
    from fitted
    where ready
    group by signal
),
scored as (
    select
        fitted.*,
        sqrt(fitted.usual + fitted.usual ** 2 / noise.r) as spread,
        case
            when fitted.ready
                then least(
                    (fitted.value - fitted.usual) / sqrt(fitted.usual + fitted.usual ** 2 / noise.r),
                    (select top from setting)
                )
            else 0
        end as z,
        case
            when fitted.ready
                then
                    fitted.value * ln((select shift from setting))
                    - (fitted.value + noise.r)
                    * ln(((select shift from setting) * fitted.usual + noise.r) / (fitted.usual + noise.r))
            else 0
        end as ratio
    from fitted
    inner join noise on fitted.signal = noise.signal
),
summed as (
    select
        *,
        sum(ratio) over child_months as c,
        (
            z
            + (select decay from setting) * coalesce(lag(z, 1) over child_months, 0)
            + (select decay from setting) ** 2 * coalesce(lag(z, 2) over child_months, 0)
            + (select decay from setting) ** 3 * coalesce(lag(z, 3) over child_months, 0)
            + (select decay from setting) ** 4 * coalesce(lag(z, 4) over child_months, 0)
        ) as weighted
    from scored
    window child_months as (partition by resident_id, signal order by month)
),
final as (
    select
        summed.resident_id,
        summed.known_case,
        summed.signal,
        summed.month,
        summed.value,
        summed.exposure,
        round(summed.usual, 2) as usual,
        round(greatest(summed.usual - 2 * summed.spread, 0), 2) as low,
        round(least(summed.usual + 2 * summed.spread, summed.exposure), 2) as high,
        summed.ready,
        case
            when summed.ready and summed.value - summed.usual >= signals.min_rise
                then round(greatest(summed.weighted, 0), 2)
            else 0
        end as ewma,
        case
            when summed.ready and summed.value - summed.usual >= signals.min_rise
                then round(
                    greatest(
                        summed.c - least(
                            0,
                            min(summed.c) over (
                                partition by summed.resident_id, summed.signal
                                order by summed.month
                                rows between unbounded preceding and 1 preceding
                            )
                        ),
                        0
                    ),
                    2
                )
            else 0
        end as cusum
    from summed
    inner join worsening_signal as signals on summed.signal = signals.code
)
select * from final;
