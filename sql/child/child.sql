-- child: the children of the city on `as_of`, one row per child: current residents until 31 March after their
-- 18th birthday. Ages in completed years, school_grade as in school_grade_on.
-- protected follows 支援措置 of anybody behind the same door and ends only with 解除日, never with 期間終了日.
-- known_case: the centre or 児童相談所 already knows the child (要対協 open, or a case within 24 months).
-- child_ref comes from `child_reference` (keyed, opaque, safe in an address).
create or replace temp macro child_derived(as_of) as table
with children as (
    select r.*, c.living_group
    from resident as r
    join cohabitant as c on c.resident_id = r.resident_id
    where r.is_child
),
refs as (
    select * from child_reference
),
places as (
    select * from school_place()
),
roster as (
    select resident_id from on_roster(as_of)
),
measures as (
    select distinct c.living_group
    from known_protective_measure as m
    join cohabitant as c on c.resident_id = m.person_id
    where m.started_on <= as_of and (m.lifted_on is null or m.lifted_on > as_of)
),
care as (
    select resident_id from in_care_now(as_of)
),
council as (
    select person_id, max(severity) as severity
    from council_now(as_of)
    where is_open and person_id is not null
    group by person_id
),
recent_cases as (
    select person_id from known_consultation
    where occurred_on <= as_of and occurred_on > as_of - interval 24 month
    union
    select person_id from known_guidance_center_case
    where occurred_on <= as_of and occurred_on > as_of - interval 24 month
),
supports as (
    select person_id from known_day_support
    where started_on <= as_of and (ended_on is null or ended_on > as_of)
    union
    select person_id from known_support_room
    where started_on <= as_of and (ended_on is null or ended_on > as_of)
),
seen as (
    select * from last_seen_on_day(as_of)
),
graded as (
    select
        c.*,
        p.school_code, p.school_name, p.grade, p.class_name, o.resident_id is not null as on_roster,
        case
            when c.grade_if_oldest = c.grade_if_youngest then c.grade_if_youngest
            when p.grade is not null then p.grade::int
        end as school_grade
    from children as c
    left join places as p on p.person_id = c.resident_id
    left join roster as o on o.resident_id = c.resident_id
),
final as (
    select
        g.resident_id,
        r.child_ref,
        g.household_id,
        g.living_group,
        g.name,
        g.kana,
        g.alias_name,
        g.former_name,
        g.sex,
        g.birth_date,
        g.birth_text,
        g.age,
        g.school_grade,
        case
            when coalesce(g.school_grade, g.grade_if_youngest) >= 10 then '高'
            when coalesce(g.school_grade, g.grade_if_youngest) >= 7 then '中'
            when coalesce(g.school_grade, g.grade_if_youngest) >= 4 then '小高'
            when coalesce(g.school_grade, g.grade_if_youngest) >= 1 then '小低'
            when g.age >= 3 then '3-5'
            else '0-2'
        end as age_band,
        g.nationality,
        g.postal_code,
        g.address,
        g.address_detail,
        town_name(g.address) as town,
        g.resident_since,
        g.school_code,
        g.school_name,
        g.grade,
        g.class_name,
        m.living_group is not null as protected,
        care.resident_id is not null as in_care,
        council.person_id is not null or rc.person_id is not null as known_case,
        council.person_id is not null as council_open,
        council.severity as council_severity,
        council.person_id is not null or s.person_id is not null as support_open,
        seen.last_seen_on,
        seen.last_seen_by,
        coalesce(g.school_grade between 1 and 9, false) and not g.on_roster as no_public_school
    from graded as g
    left join refs as r on r.resident_id = g.resident_id
    left join measures as m on m.living_group = g.living_group
    left join care on care.resident_id = g.resident_id
    left join council on council.person_id = g.resident_id
    left join recent_cases as rc on rc.person_id = g.resident_id
    left join supports as s on s.person_id = g.resident_id
    left join seen on seen.resident_id = g.resident_id
    order by g.resident_id
)
select * from final;
