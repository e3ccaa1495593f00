-- missed_month: absence of the 12 months up to $as_of, laid out once for all gaps that ask for it.
with
months as (
    select * from attendance_months($as_of)
),
final as (
    select resident_id, month, absence, nonattendance_days, other_absent_days, counted_present_days, recorded_on
    from months
    where month > months_ago($as_of, 12)
)
select * from final order by resident_id, month;
