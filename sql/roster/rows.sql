-- What the list shows of the given children.
with

children as (
    select * from child where resident_id in (select unnest($residents::varchar[]))
),

final as (
    select
        resident_id,
        child_ref,
        name,
        kana,
        alias_name,
        former_name,
        age,
        school_grade,
        age_band,
        school_name,
        protected,
        in_care,
        known_case,
        council_open,
        support_open,
        last_seen_on,
        last_seen_by,
        no_public_school
    from children
)

select * from final
order by resident_id
