-- child_allowance_missing: no running 児童手当 for a child whose brother or sister gets it, or whose family gets 児童扶養手当
-- or 生活保護. Public servants are paid by their employer: a child whose whole family has no 児童手当 here and no other
-- benefit is therefore no entry. Children up to 31 March after the 18th birthday (since 2024-10).
create or replace temp macro missed_gap_child_allowance_missing(as_of, grace) as table
with
children as (
    select resident_id, birth_date, resident_since, school_grade from child
    where not in_care and (as_of::date >= date '2024-10-01' or school_grade <= 9)
),
ended as (
    select person_id, max(ended_on) as ended_on from known_child_allowance
    where ended_on <= as_of::date
    group by person_id
),
paid as (
    select person_id, started_on, recorded_on from known_child_allowance
    where started_on <= as_of::date and (ended_on is null or ended_on > as_of::date) and person_id is not null
),
own as (
    select person_id, max(started_on) as had_on from paid group by person_id
),
brothers as (
    select sibling.child_id, max(paid.recorded_on) as recorded_on
    from sibling
    inner join paid on sibling.sibling_id = paid.person_id
    group by sibling.child_id
),
benefits as (
    select person_id, max(recorded_on) as recorded_on, '児童扶養手当' as label
    from known_child_rearing_allowance
    where started_on <= as_of::date and (ended_on is null or ended_on > as_of::date)
    group by person_id
    union all
    select person_id, max(recorded_on), '生活保護'
    from known_public_assistance
    where started_on <= as_of::date and (ended_on is null or ended_on > as_of::date)
    group by person_id
),
helped as (
    select person_id, max(recorded_on) as recorded_on, string_agg(label, '・' order by label) as labels
    from benefits
    group by person_id
),
found as (
    select
        children.resident_id, own.had_on,
        greatest(children.birth_date, children.resident_since) as begun_on,
        greatest(
            children.birth_date + grace,
            children.resident_since + grace,
            coalesce(ended.ended_on, children.resident_since),
            case when children.school_grade >= 10 then date '2024-10-01' + grace else children.resident_since end
        )::date as since_on,
        coalesce(greatest(brothers.recorded_on, helped.recorded_on), brothers.recorded_on, helped.recorded_on) as known_on,
        concat_ws('・', case when brothers.child_id is not null then 'きょうだいは児童手当を受給' end, helped.labels) as words
    from children
    left join own on children.resident_id = own.person_id
    left join brothers on children.resident_id = brothers.child_id
    left join ended on children.resident_id = ended.person_id
    left join helped on children.resident_id = helped.person_id
    where brothers.child_id is not null or helped.person_id is not null
),
final as (
    select
        resident_id as subject_id,
        since_on,
        known_on,
        had_on is not null as has,
        had_on,
        null::varchar as why,
        begun_on::varchar as mark,
        words || '、住み始め・出生 ' || begun_on as detail
    from found
    where begun_on is not null
)
select * from final order by subject_id;
