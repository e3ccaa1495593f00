-- school_expense_aid: the child is certified for 就学援助 in the fiscal year of as_of.
-- Unit 有無 (1). Window: 年度 of as_of. An application without 認定終了日 holds to 31 March of its fiscal year; one
-- handed in from January to March is for the year to come.
-- April to July: certification of the new year comes only in June or July, so a child certified up to 31
-- March, with no decision for the new year yet (no application or 審査中), still counts as 1 (the gap is not
-- "escaped poverty"). From August on only the new decision counts; 否認定 and 取下げ end it at once.
create or replace temp macro item_school_expense_aid(as_of) as table
with
children as (
    select resident_id, school_grade from child
),
school_expense_aid as (
    select * from known_school_expense_aid where applied_on <= as_of::date
),
dated as (
    select
        *,
        coalesce(ended_on, make_date((year(applied_on) + 1)::integer, 3, 31)) as valid_to,
        make_date(year(applied_on)::integer, 4, 1) >= fiscal_year_start(as_of) as is_for_this_year
    from school_expense_aid
),
decided_this_year as (
    select distinct person_id from dated where is_for_this_year and decision in ('1', '2', '3')
),
certified as (
    select
        dated.*,
        dated.valid_to >= as_of::date as is_valid,
        dated.valid_to = fiscal_year_start(as_of) - 1
        and month(as_of::date) between 4 and 7
        and decided_this_year.person_id is null as is_carried
    from dated
    left join decided_this_year on dated.person_id = decided_this_year.person_id
    where dated.decision = '1'
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('school_expense_aid', certified.record_key, certified.applied_on) as event_ids,
        max(certified.applied_on) as newest_occurred_on,
        max(certified.recorded_on) as newest_recorded_on
    from certified
    inner join children on certified.person_id = children.resident_id
    where certified.is_valid or (certified.is_carried and children.school_grade between 1 and 9)
    group by children.resident_id
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
