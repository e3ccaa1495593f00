-- worsening_counts: what is watched, by child, signal and month: the count (value) and what it is counted over
-- (exposure: school days, for the mood the answers). A month that was not delivered has no row; it is never 0.
-- Months with little school (August) are left out, by min_exposure. Absence is 病欠 + 不登校欠席 + その他欠席.
create or replace temp macro worsening_counts(as_of) as table
with
children as (
    select resident_id, age_band, known_case from child
),
signals as (
    select * from worsening_signal
),
attendance as (
    select
        person_id as resident_id,
        month,
        sum(school_days) as school_days,
        sum(sick_days + nonattendance_days + other_absent_days) as absence,
        sum(late + early_leave) as late_early,
        sum(nurse_visits) as nurse_visits
    from known_attendance
    where person_id is not null and month <= as_of::date
    group by all
),
mood as (
    select
        person_id as resident_id,
        date_trunc('month', occurred_on)::date as month,
        count(*) as answers,
        count(*) filter (where mood <= 2) as low
    from known_mood_check
    where person_id is not null and occurred_on <= as_of::date
    group by all
),
long as (
    select resident_id, 'absence' as signal, month, absence as value, school_days as exposure from attendance
    union all
    select resident_id, 'late_early', month, late_early, school_days from attendance
    union all
    select resident_id, 'nurse_visits', month, nurse_visits, school_days from attendance
    union all
    select resident_id, 'mood_low', month, low, answers from mood
),
final as (
    select
        children.resident_id,
        children.age_band,
        children.known_case,
        long.signal,
        long.month,
        long.value::double as value,
        long.exposure::double as exposure
    from long
    inner join children on long.resident_id = children.resident_id
    inner join signals on long.signal = signals.code
    where
        long.value is not null
        and long.exposure >= signals.min_exposure
        and long.month > (as_of::date - to_months((select months from worsening_chart_setting)))
)
select * from final;
