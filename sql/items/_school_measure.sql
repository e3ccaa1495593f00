-- school_measure(as_of, measure): the newest school check of each child at which it was measured, beside its
-- own check before that one; days_between tells how far the two lie apart.
-- measure: 'height_cm' or 'weight_kg'. The newest check is at most 18 months old, the earlier one at most 30
-- months older. A child measured once has no row.
create or replace temp macro school_measure(as_of, measure) as table
with
school_health as (
    select
        person_id, record_key, examined_on, recorded_on,
        case measure when 'height_cm' then height_cm when 'weight_kg' then weight_kg end as newest
    from known_school_health
    where
        person_id is not null
        and examined_on > months_ago(as_of, 48) and examined_on <= as_of::date
        and newest is not null
),
compared as (
    select
        *,
        lag(newest) over course as earlier,
        lag(examined_on) over course as earlier_on,
        row_number() over (partition by person_id order by examined_on desc, record_key desc) as checks_back
    from school_health
    window course as (partition by person_id order by examined_on, record_key)
),
final as (
    select *, examined_on - earlier_on as days_between
    from compared
    where checks_back = 1 and examined_on > months_ago(as_of, 18) and earlier_on > months_ago(examined_on, 30)
)
select * from final;
