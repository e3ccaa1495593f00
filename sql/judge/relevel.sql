-- The judgement with level and rank from the thresholds alone; points and floors stay as they are.
-- Order of checking: highest level, how many categories reach it, points above its threshold,
-- days since anybody last saw the child (never seen is longest), resident number.
with judgement as (
    select * from judgement
),

threshold as (
    select * from rule_threshold
),

child as (
    select * from child
),

-- Every threshold is above 0: without points and floor the level is 0.
counted as (
    select * from judgement
    where points > 0 or floor_level > 0
),

levelled as (
    select
        j.resident_id,
        j.category,
        j.points,
        greatest(j.floor_level, (
            (j.points >= t.points[1])::integer
            {further_levels}
        )) as new_level,
        t.points as starts
    from counted as j
    inner join threshold as t on j.category = t.category and j.age_band = t.age_band
),

highest as (
    select
        resident_id,
        max(new_level) as top
    from levelled
    where new_level >= 1
    group by resident_id
),

standing as (
    select
        h.resident_id,
        h.top,
        count(*) as reached,
        max(l.points - l.starts[h.top]) as above
    from highest as h
    inner join levelled as l on h.resident_id = l.resident_id and h.top = l.new_level
    group by h.resident_id, h.top
),

ranked as (
    select
        s.resident_id,
        row_number() over (
            order by
                s.top desc,
                s.reached desc,
                round(s.above, 2) desc,
                c.last_seen_on asc nulls first,
                s.resident_id asc
        )::integer as rank
    from standing as s
    inner join child as c on s.resident_id = c.resident_id
),

final as (
    select
        j.resident_id,
        j.category,
        j.points,
        j.floor_level,
        coalesce(l.new_level, 0)::integer as level,
        r.rank,
        j.missing,
        j.suppressed,
        j.age_band,
        j.known_case
    from judgement as j
    left join levelled as l on j.resident_id = l.resident_id and j.category = l.category
    left join ranked as r on j.resident_id = r.resident_id
    order by j.resident_id asc, j.category asc
)

select * from final
