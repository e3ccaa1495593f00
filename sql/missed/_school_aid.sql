-- school_aid(as_of): how a child stands with 就学援助 in the fiscal year of as_of, one row per child with an application.
-- state: certified (認定 in force), carried (April to July: certified up to 31 March, the new year not decided yet),
-- applied (審査中), decided (否認定 or 取下げ: the office has decided). Same reading as item_school_expense_aid.
create or replace temp macro school_aid(as_of) as table
with
applications as (
    select * from known_school_expense_aid where applied_on <= as_of::date and person_id is not null
),
dated as (
    select
        *,
        coalesce(ended_on, make_date((year(applied_on) + 1)::integer, 3, 31)) as valid_to,
        make_date(year(applied_on)::integer, 4, 1) >= fiscal_year_start(as_of) as is_for_this_year
    from applications
),
named as (
    select
        person_id, applied_on,
        case
            when decision = '1' and valid_to >= as_of::date then 'certified'
            when decision = '4' and is_for_this_year then 'applied'
            when decision in ('2', '3') and is_for_this_year then 'decided'
            when decision = '1' and valid_to = fiscal_year_start(as_of) - 1 and month(as_of::date) between 4 and 7
                then 'carried'
        end as state,
        record_key
    from dated
),
final as (
    select person_id as resident_id, state, applied_on as had_on
    from named
    where state is not null
    qualify row_number() over (
        partition by person_id
        order by
            array_position(['certified', 'applied', 'decided', 'carried'], state), applied_on desc, record_key
    ) = 1
)
select * from final order by resident_id;
