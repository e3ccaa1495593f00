-- nonattendance: 30 days of 不登校欠席 in 12 months and neither 教育支援センター, 教育相談, 出席扱い nor a consultation.
create or replace temp macro missed_gap_nonattendance(as_of, grace) as table
with
children as (
    select resident_id from at_city_school()
),
absent as (
    select * from reached('nonattendance', 30)
),
helps as (
    select person_id as resident_id, started_on as had_on from known_support_room
    where started_on <= as_of::date and (ended_on is null or ended_on > as_of::date)
    union all
    select resident_id, occurred_on from met_about(as_of) where occurred_on > months_ago(as_of, 12)
    union all
    select resident_id, last_day(month) from missed_month
    where counted_present_days > 0 and month > months_ago(as_of, 6)
),
first_help as (
    select resident_id, min(had_on) as had_on from helps where resident_id is not null group by resident_id
),
final as (
    select
        children.resident_id as subject_id,
        (absent.reached_on + grace)::date as since_on,
        absent.known_on,
        first_help.had_on is not null as has,
        first_help.had_on,
        null::varchar as why,
        (absent.days // 30)::varchar as mark,
        'この1年の不登校欠席 ' || absent.days || '日（30日に達したのは ' || strftime(absent.reached_on, '%Y-%m')
        || '）' as detail
    from children
    inner join absent on children.resident_id = absent.resident_id
    left join first_help on children.resident_id = first_help.resident_id
)
select * from final order by subject_id;
