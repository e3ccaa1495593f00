-- worsening_signalled: children whose newest known month lies over a line, since which month without a break.
-- A child whose newest month is older than `recent` months is left out: the data stopped, and that is no worsening.
create or replace temp macro worsening_signalled(as_of) as table
with
setting as (
    select * from worsening_chart_setting
),
lines as (
    select
        signal,
        known_case,
        max(line) filter (where method = 'ewma') as ewma_line,
        max(line) filter (where method = 'cusum') as cusum_line
    from worsening_line
    group by all
),
signals as (
    select * from worsening_signal
),
subjects as (
    select line, resident_id, signal, known_case from worsening_subject
),
chart as (
    select
        subjects.resident_id,
        subjects.signal,
        subjects.known_case,
        make_date((months.month_number - 1) // 12, (months.month_number - 1) % 12 + 1, 1) as month,
        months.* exclude (line, month_number)
    from worsening_chart as months
    inner join subjects on months.line = subjects.line
    where months.is_live
),
judged as (
    select
        chart.*,
        coalesce(chart.ewma >= lines.ewma_line or chart.cusum >= lines.cusum_line, false) as is_over,
        greatest(
            coalesce(chart.ewma / lines.ewma_line, 0), coalesce(chart.cusum / lines.cusum_line, 0)
        ) as score
    from chart
    left join lines on chart.signal = lines.signal and chart.known_case = lines.known_case
),
counted as (
    select
        *,
        sum(case when is_over then 0 else 1 end) over (
            partition by resident_id, signal order by month desc
        ) as breaks
    from judged
),
runs as (
    select
        resident_id,
        signal,
        min(month) as crossed_on,
        max(month) as newest_month,
        count(*) as months,
        arg_max(value, month) as value,
        arg_max(usual, month) as usual,
        arg_max(score, month) as score
    from counted
    where breaks = 0
    group by all
    having max(month) >= (date_trunc('month', as_of::date) - to_months((select recent from setting)))::date
),
evidence as (
    select
        runs.resident_id,
        runs.signal,
        list(events.event_id order by events.occurred_on desc, events.event_id)[1:3] as event_ids,
        max(events.recorded_on) as known_on
    from runs
    inner join signals on runs.signal = signals.code
    inner join event as events
        on
            runs.resident_id = events.resident_id
            and signals.extract = events.extract
            and events.occurred_on >= runs.crossed_on
    group by all
),
final as (
    select
        runs.resident_id,
        runs.signal as code,
        runs.crossed_on as happened_on,
        coalesce(evidence.known_on, runs.newest_month) as known_on,
        coalesce(evidence.event_ids, []::varchar[]) as event_ids,
        round(runs.score, 3) as score,
        signals.label || 'が、ふだんの自分より増えています（' || strftime(runs.newest_month, '%Y-%m') || '  '
        || runs.value::integer || signals.unit || '、ふだん ' || round(runs.usual, 1) || signals.unit || '）。'
        || case when runs.months > 1 then strftime(runs.crossed_on, '%Y-%m') || 'から続いています。' else '' end as detail
    from runs
    inner join signals on runs.signal = signals.code
    left join evidence on runs.resident_id = evidence.resident_id and runs.signal = evidence.signal
)
select * from final
order by code, resident_id;
