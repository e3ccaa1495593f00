-- Level now and with the draft thresholds, for the children in scope who have points or a floor.
-- The level is a pure function of points, floor and thresholds; what the draft does not name stays as it is.
with judgement as (
    select * from judgement
),

child as (
    select * from child
    where {scope}
),

-- Every threshold is above 0: without points and floor the level is and stays 0.
counted as (
    select * from judgement
    where points > 0 or floor_level > 0 or level > 0
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
    from counted as j
    {only_in_scope}
    left join threshold as t on j.category = t.category and j.age_band = t.age_band
)

select * from final
