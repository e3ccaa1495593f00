-- Points, floor and level of every child and category that has any, for the preview of a draft.
with judgement as (
    select * from judgement
),

child as (
    select * from child
    where {scope}
),

-- Every threshold is above 0: without points and floor the level is and stays 0.
final as (
    select
        j.resident_id,
        j.category,
        j.age_band,
        j.known_case,
        j.points,
        j.floor_level,
        j.level,
        j.rank
    from judgement as j
    semi join child as c on j.resident_id = c.resident_id
    where j.points > 0 or j.floor_level > 0 or j.level > 0
    order by j.resident_id asc, j.category asc
)

select * from final
