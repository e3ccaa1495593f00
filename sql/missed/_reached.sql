-- reached(kind, wanted): the month in which the days of absence of one kind in the last 12 months first came to
-- `wanted`, one row per child. kind: 'nonattendance' 不登校欠席, 'other' その他欠席, 'any' all absence.
create or replace temp macro reached(kind, wanted) as table
with
months as (
    select
        resident_id, month, recorded_on,
        case kind
            when 'nonattendance' then nonattendance_days when 'other' then other_absent_days else absence
        end as days
    from missed_month
),
running as (
    select *, sum(days) over (partition by resident_id order by month rows unbounded preceding) as so_far
    from months
),
crossed as (
    select resident_id, last_day(min(month)) as reached_on from running where so_far >= wanted group by resident_id
),
totals as (
    select resident_id, sum(days)::integer as days, max(month) as newest_month, max(recorded_on) as known_on
    from months
    group by resident_id
),
final as (
    select totals.resident_id, crossed.reached_on, totals.days, totals.newest_month, totals.known_on
    from crossed
    inner join totals on crossed.resident_id = totals.resident_id
)
select * from final;
