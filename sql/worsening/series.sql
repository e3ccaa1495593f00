-- series: the watched months, of the last 18 with a baseline, of the children with an alarm, for their sparklines.
with
alarmed as (
    select line, resident_id, signal, known_case from worsening_subject
    where resident_id in (select resident_id from worsening)
),
chart as (
    select
        alarmed.resident_id,
        alarmed.signal,
        alarmed.known_case,
        make_date((months.month_number - 1) // 12, (months.month_number - 1) % 12 + 1, 1) as month,
        months.* exclude (line, month_number)
    from worsening_chart as months
    inner join alarmed on months.line = alarmed.line
    where months.ready
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
final as (
    select
        chart.resident_id,
        chart.signal,
        chart.month,
        chart.value,
        chart.usual,
        chart.low,
        chart.high,
        coalesce(chart.ewma >= lines.ewma_line or chart.cusum >= lines.cusum_line, false) as is_over
    from chart
    left join lines on chart.signal = lines.signal and chart.known_case = lines.known_case
    qualify row_number() over (partition by chart.resident_id, chart.signal order by chart.month desc) <= 18
)
select * from final
order by resident_id, signal, month
