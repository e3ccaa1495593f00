-- Each child's first grave event after its first review, and how long the child had been on the list by then.
-- `first_review` holds resident_id, flagged_on, reviewed_on.
with
grave as (
    select resident_id, extract, occurred_on
    from event
    where grade = 3 and extract in ('consultation', 'council_case', 'guidance_center_case')
),

looked_at as (
    select * from first_review
),

after as (
    select
        grave.resident_id,
        grave.extract,
        grave.occurred_on,
        cast(looked_at.flagged_on as date) as flagged_on,
        cast(looked_at.reviewed_on as date) as reviewed_on
    from grave
    join looked_at on looked_at.resident_id = grave.resident_id
    where grave.occurred_on > cast(looked_at.reviewed_on as date)
),

first_of_child as (
    select *
    from after
    qualify row_number() over (partition by resident_id order by occurred_on, extract) = 1
),

final as (
    select
        extract,
        occurred_on,
        flagged_on,
        reviewed_on,
        date_diff('day', flagged_on, occurred_on) as lead_days,
        resident_id
    from first_of_child
    where occurred_on between $since and $until
)

select extract, occurred_on, flagged_on, reviewed_on, lead_days from final order by occurred_on, resident_id, extract
