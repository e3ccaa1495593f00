-- series: the watched months, of the last 18 with a baseline, of the children with an alarm, for their sparklines.
with
chart as (
    select * from worsening_chart
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
    where chart.ready and chart.resident_id in (select resident_id from worsening)
    qualify row_number() over (partition by chart.resident_id, chart.signal order by chart.month desc) <= 18
)
select * from final
order by resident_id, signal, month
