-- resident_now: everybody who lives in the city on `as_of` as known that day, one row per resident.
-- born_from/born_to: the earliest and latest birth date what is known allows; equal when the date is known.
-- Source: 住民基本台帳. Somebody whose move or death lies after `as_of` still lives here.
-- Children of `rerecorded` of whom another record was known that day come with name, birth date, sex and 国籍区分 only: no
-- address, no 続柄, a household of their own (see household_unsure.sql).
create or replace temp macro resident_now(as_of) as table
with register as (
    select * from known_resident_register
),
living_here as (
    select * from register
    where resident_since <= as_of and (status = '1' or status_on > as_of)
    union all by name
    select r.* replace ('?' || r.resident_id as household_id), '1' as status, r.resident_id as person_id
    from rerecorded as r
    where
        r.resident_id in (select resident_id from evidenced)
        and coalesce(r.birth_date, make_date(r.birth_year, coalesce(r.birth_month, 12), 1)) > as_of - interval 19 year
),
chains as (
    select relation, relation_chain(relation) as chain from (select distinct relation from living_here)
),
dated as (
    select
        h.*,
        c.chain,
        coalesce(h.birth_date, make_date(h.birth_year, coalesce(h.birth_month, 1), 1)) as born_from,
        coalesce(h.birth_date, last_day(make_date(h.birth_year, coalesce(h.birth_month, 12), 1))) as born_to
    from living_here as h
    left join chains as c on c.relation is not distinct from h.relation
),
final as (
    select
        *,
        completed_years(least(born_to, as_of), as_of) as age,
        school_grade_on(born_from, as_of) as grade_if_oldest,
        school_grade_on(born_to, as_of) as grade_if_youngest,
        coalesce(born_from <= as_of and school_grade_on(born_to, as_of) <= 12, false) as is_child
    from dated
)
select * from final;
