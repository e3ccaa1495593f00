-- 就学援助の開始: a granted application (06b) of a child who had none in the 18 months before.
-- The first 12 months of the records are left out: whether those were renewals is not known.
with
granted as (
    select
        l.resident_id,
        a.record_key,
        min(a.applied_on) as applied_on,
        min(a.recorded_on) as recorded_on
    from src_school_expense_aid as a
    inner join link_settled('school_expense_aid') as l on a.record_key = l.number
    where a.decision = '1'
    group by l.resident_id, a.record_key
),
first_record as (
    select min(applied_on) as day from src_school_expense_aid
),
compared as (
    select
        *,
        lag(applied_on) over (partition by resident_id order by applied_on, record_key) as earlier_on
    from granted
),
final as (
    select
        c.resident_id,
        c.applied_on as occurred_on,
        c.recorded_on
    from compared as c
    cross join first_record as f
    where
        c.applied_on > f.day + interval 12 month
        and (c.earlier_on is null or c.applied_on > c.earlier_on + interval 18 month)
)
select * from final
