-- worsening_charted: every watched month held against the child's own baseline, with EWMA and CUSUM, in one statement.
-- Season: the rate per school day of the same month and age band in the city. Baseline: the child's own months
-- base_from to base_to before, relative to that season, shrunk towards the cohort (Gamma-Poisson; `pull` by moments).
-- z: distance from the usual in a negative binomial whose spread (`noise`) is taken by moments. EWMA: weighted lags of
-- z. CUSUM: C - least(0, min(earlier C)) of the log-ratio between shift times the usual and the usual.
-- Scores count only in months that rise by min_rise and more; a month without a baseline scores 0. So a line no month
-- of which rises that far scores 0 throughout, and only the others (is_live) are followed month by month.
-- Sums of fractions are taken of multiples of 2^-20 or of decimals: they come out the same in whatever order the
-- threads add them up.
create or replace temp macro worsening_charted(as_of, months) as table
with
setting as (
    select * from worsening_chart_setting
),
signals as (
    select signal_no, min_rise from worsening_signal
),
counts as materialized (
    select * from worsening_counts(as_of, months)
),
overall as (
    select signal_no, sum(value) / sum(exposure) as rate from counts group by signal_no
),
season as (
    select
        counts.signal_no,
        counts.band_no,
        counts.month_number,
        (sum(counts.value) + 100 * any_value(overall.rate)) / (sum(counts.exposure) + 100) as rate
    from counts
    inner join overall on counts.signal_no = overall.signal_no
    group by all
),
paced as (
    select
        counts.line,
        counts.signal_no,
        counts.month_number,
        counts.value,
        counts.exposure,
        round(counts.exposure * greatest(season.rate, 0.0001) * 1048576) / 1048576 as pace
    from counts
    inner join season
        on
            counts.signal_no = season.signal_no
            and counts.band_no = season.band_no
            and counts.month_number = season.month_number
),
based as materialized (
    select
        *,
        coalesce(sum(value) over base, 0) as base_value,
        coalesce(sum(pace) over base, 0) as base_pace,
        count(*) over base >= (select base_months from setting) as ready
    from paced
    window base as (
        partition by line
        order by month_number
        range between (select base_from from setting) preceding and (select base_to from setting) preceding
    )
),
pull_moments as (
    select
        signal_no,
        sum((base_pace ** 2)::decimal(18, 6))::double as expected,
        sum(((base_value - base_pace) ** 2 - base_value)::decimal(18, 6))::double as excess
    from based
    where ready
    group by signal_no
),
pull as (
    select signal_no, case when excess > 0 then least(greatest(expected / excess, 0.5), 20) else 20 end as k
    from pull_moments
),
fitted as materialized (
    select
        based.line,
        based.signal_no,
        based.month_number,
        based.value,
        based.exposure,
        based.ready,
        greatest(based.pace * (pull.k + based.base_value) / (pull.k + based.base_pace), 0.05) as usual
    from based
    inner join pull on based.signal_no = pull.signal_no
),
noise_moments as (
    select
        signal_no,
        sum((usual ** 2)::decimal(18, 6))::double as expected,
        sum(((value - usual) ** 2 - usual)::decimal(18, 6))::double as excess
    from fitted
    where ready
    group by signal_no
),
noise as (
    select signal_no, case when excess > 0 then least(greatest(expected / excess, 0.3), 20) else 20 end as r
    from noise_moments
),
live as materialized (
    select distinct fitted.line
    from fitted
    inner join signals on fitted.signal_no = signals.signal_no
    where fitted.ready and fitted.value - fitted.usual >= signals.min_rise
),
scored as (
    select
        fitted.*,
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
                    round(
                        1048576 * (
                            fitted.value * ln((select shift from setting))
                            - (fitted.value + noise.r)
                            * ln(((select shift from setting) * fitted.usual + noise.r) / (fitted.usual + noise.r))
                        )
                    ) / 1048576
            else 0
        end as ratio
    from fitted
    inner join noise on fitted.signal_no = noise.signal_no
    where fitted.line in (select line from live)
),
summed as (
    select
        *,
        sum(ratio) over line_months as c,
        (
            z
            + (select decay from setting) * coalesce(lag(z, 1) over line_months, 0)
            + (select decay from setting) ** 2 * coalesce(lag(z, 2) over line_months, 0)
            + (select decay from setting) ** 3 * coalesce(lag(z, 3) over line_months, 0)
            + (select decay from setting) ** 4 * coalesce(lag(z, 4) over line_months, 0)
        ) as weighted
    from scored
    window line_months as (partition by line order by month_number)
),
lowest as (
    select
        *,
        min(c) over (
            partition by line order by month_number rows between unbounded preceding and 1 preceding
        ) as c_before
    from summed
),
charted as (
    select
        lowest.line,
        lowest.signal_no,
        lowest.month_number,
        lowest.value,
        lowest.exposure,
        lowest.usual,
        lowest.ready,
        true as is_live,
        lowest.ready and lowest.value - lowest.usual >= signals.min_rise as rises,
        lowest.weighted,
        lowest.c - least(0, lowest.c_before) as since_lowest
    from lowest
    inner join signals on lowest.signal_no = signals.signal_no
    union all
    select line, signal_no, month_number, value, exposure, usual, ready, false, false, 0, 0
    from fitted
    where ready and line not in (select line from live)
),
final as (
    select
        charted.line,
        charted.month_number,
        charted.value,
        round(charted.usual, 2) as usual,
        round(
            greatest(charted.usual - 2 * sqrt(charted.usual + charted.usual ** 2 / noise.r), 0), 2
        ) as low,
        round(
            least(charted.usual + 2 * sqrt(charted.usual + charted.usual ** 2 / noise.r), charted.exposure), 2
        ) as high,
        charted.ready,
        charted.is_live,
        case when charted.rises then round(greatest(charted.weighted, 0), 2) else 0 end as ewma,
        case when charted.rises then round(greatest(charted.since_lowest, 0), 2) else 0 end as cusum
    from charted
    inner join noise on charted.signal_no = noise.signal_no
)
select * from final;
