-- Level now and with the draft thresholds, for every child and category in scope.
-- The level is a pure function of points, floor and thresholds; what the draft does not name stays as it is.
with judgement as (
    select * from judgement
),

child as (
    select * from child
    where {scope}
),

threshold as (
    select
        unnest($categories::varchar[]) as category,
        unnest($age_bands::varchar[]) as age_band,
        unnest($starts::double[][]) as points
),

final as (
    select
        j.resident_id,
        j.category,
        j.points,
        j.rank,
        j.suppressed,
        j.known_case,
        j.level as old_level,
        case
            when t.points is null then j.level
            else greatest(j.floor_level, ({reached}))
        end as new_level
    from judgement as j
    {only_in_scope}
    left join threshold as t on j.category = t.category and j.age_band = t.age_band
)

select * from final
