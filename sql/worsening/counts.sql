-- worsening_counts: what is watched, by line (one child and signal, see worsening_child and worsening_signal) and
-- month, `months` back: the count (value) and what it is counted over (exposure: school days, for the mood the
-- answers). A month that was not delivered has no row; it is never 0. Months with little school (August) are left
-- out, by min_exposure. Absence is 病欠 + 不登校欠席 + その他欠席. Numbers stand for children, signals and months,
-- because a city has millions of these rows.
create or replace temp macro worsening_counts(as_of, months) as table
with
children as (
    select child_no, resident_id, band_no from worsening_child
),
signals as (
    select signal_no, code, min_exposure from worsening_signal
),
attendance as (
    select
        children.child_no,
        any_value(children.band_no) as band_no,
        (year(source.month) * 12 + month(source.month))::integer as month_number,
        sum(source.school_days) as school_days,
        sum(source.sick_days + source.nonattendance_days + source.other_absent_days) as absence,
        sum(source.late + source.early_leave) as late_early,
        sum(source.nurse_visits) as nurse_visits
    from known_attendance as source
    inner join children on source.person_id = children.resident_id
    where source.month <= as_of::date and source.month > (as_of::date - to_months(months))::date
    group by 1, 3
),
mood as (
    select
        children.child_no,
        any_value(children.band_no) as band_no,
        (year(source.occurred_on) * 12 + month(source.occurred_on))::integer as month_number,
        count(*) as answers,
        count(*) filter (where source.mood <= 2) as low
    from known_mood_check as source
    inner join children on source.person_id = children.resident_id
    where source.occurred_on <= as_of::date and source.occurred_on > last_day((as_of::date - to_months(months))::date)
    group by 1, 3
),
long as (
    select child_no, band_no, 'absence' as signal, month_number, absence as value, school_days as exposure from attendance
    union all
    select child_no, band_no, 'late_early', month_number, late_early, school_days from attendance
    union all
    select child_no, band_no, 'nurse_visits', month_number, nurse_visits, school_days from attendance
    union all
    select child_no, band_no, 'mood_low', month_number, low, answers from mood
),
final as (
    select
        long.child_no * 100 + signals.signal_no as line,
        signals.signal_no,
        long.band_no,
        long.month_number,
        long.value::double as value,
        long.exposure::double as exposure
    from long
    inner join signals on long.signal = signals.code
    where long.value is not null and long.exposure >= signals.min_exposure
)
select * from final;
