-- How the list treats groups: children, how many stood at 注意 or above, how many had an event within 6 months, and how
-- many of those were on the list. Days half a year apart, so that no event counts twice (children of whom nothing was known).
with
known as (
    select * from known_before
),
target as (
    select * from target where months = 6
),
day as (
    select p.as_of
    from (select distinct as_of from population where months = 6) as p
    cross join (select max(as_of) as last from population where months = 6) as l
    where date_diff('month', p.as_of, l.last) % 6 = 0
),
child as (
    select c.* from child_day as c
    semi join day as d on c.as_of = d.as_of
),
part as (
    select as_of, resident_id, '国籍' as axis, nationality as part from child
    union all
    select as_of, resident_id, 'ひとり親' as axis, if(single_parent, 'ひとり親', 'それ以外') as part from child
    union all
    select as_of, resident_id, '生活保護' as axis, if(public_assistance, '受けている', '受けていない') as part from child
    union all
    select as_of, resident_id, '性別' as axis, sex as part from child
    union all
    select as_of, resident_id, '年齢' as axis, coalesce(age_band, '不明') as part from child
    union all
    select as_of, resident_id, '地区' as axis, coalesce(town, '不明') as part from child
),
counted as (
    select
        k.category,
        p.axis,
        p.part,
        count(*) as children,
        count(s.resident_id) as selected,
        count(t.resident_id) as events,
        count(t.resident_id) filter (where s.resident_id is not null) as found
    from part as p
    cross join outcome_category as k
    anti join known as b
        on p.as_of = b.as_of and k.category = b.category and p.resident_id = b.resident_id
    left join (select * from score where level >= 2) as s
        on p.as_of = s.as_of and k.category = s.category and p.resident_id = s.resident_id
    left join target as t
        on p.as_of = t.as_of and k.category = t.category and p.resident_id = t.resident_id
    group by k.category, p.axis, p.part
),
final as (
    select
        category,
        axis,
        part,
        children,
        selected,
        events,
        found,
        case when children >= $floor then selected / children end as selected_share,
        case when selected >= $floor then found / selected end as right_share,
        case when events >= $floor then found / events end as found_share,
        case when selected >= $floor then wilson_low(found / selected, selected) end as right_low,
        case when selected >= $floor then wilson_high(found / selected, selected) end as right_high,
        case when events >= $floor then wilson_low(found / events, events) end as found_low,
        case when events >= $floor then wilson_high(found / events, events) end as found_high
    from counted
)
select * from final order by category, axis, children desc, part
