-- school_expense_lapsed: the child was certified for 就学援助 in the fiscal year before and has no application for
-- this one.
-- Unit 有無 (1). Window: 年度 of as_of, from August on; April to July is the usual gap and never counts. A decision of
-- any kind or 審査中 for this year, and the end of grade 9, are no lapse.
-- Why: support that ended because nobody applied again, not because it was not needed.
create or replace temp macro item_school_expense_lapsed(as_of) as table
with
children as (
    select resident_id from child where school_grade between 2 and 9
),
dated as (
    select
        *,
        coalesce(ended_on, make_date((year(applied_on) + 1)::integer, 3, 31)) as valid_to,
        make_date(year(applied_on)::integer, 4, 1) >= fiscal_year_start(as_of) as is_for_this_year
    from known_school_expense_aid
    where applied_on <= as_of::date and person_id is not null
),
applied_this_year as (
    select distinct person_id from dated where is_for_this_year
),
found as (
    select dated.*
    from dated
    left join applied_this_year on dated.person_id = applied_this_year.person_id
    where
        dated.decision = '1'
        and applied_this_year.person_id is null
        and dated.valid_to >= fiscal_year_start(as_of) - 62
        and dated.valid_to < fiscal_year_start(as_of)
        and month(as_of::date) not between 4 and 7
),
final as (
    select
        children.resident_id,
        1 as value,
        count(*) as events,
        newest_ids('school_expense_aid', found.record_key, found.applied_on) as event_ids,
        max(found.applied_on) as newest_occurred_on,
        max(found.recorded_on) as newest_recorded_on
    from found
    inner join children on found.person_id = children.resident_id
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
