-- The order of checking: one row per child and category at level 1 or above.
with judgement as (
    select * from judgement
),

reason as (
    select * from reason
),

meta as (
    select * from meta
),

category_label as (
    select
        unnest($categories::varchar[]) as category,
        unnest($labels::varchar[]) as label,
        generate_subscripts($categories::varchar[], 1) as place
),

item_label as (
    select
        unnest($items::varchar[]) as item,
        unnest($item_labels::varchar[]) as label
),

why as (
    select
        resident_id,
        category,
        string_agg(text, '；' order by ord asc) as reasons
    from reason
    group by resident_id, category
),

unknown as (
    select
        j.resident_id,
        j.category,
        unnest(j.missing) as item
    from judgement as j
    where j.level >= 1
),

unknown_words as (
    select
        u.resident_id,
        u.category,
        string_agg(coalesce(l.label, u.item), '；' order by u.item asc) as missing
    from unknown as u
    left join item_label as l on u.item = l.item
    group by u.resident_id, u.category
),

final as (
    select
        (select value from meta where key = 'as_of') as as_of,
        (select value from meta where key = 'ruleset') as ruleset,
        j.rank,
        j.resident_id,
        coalesce(c.label, j.category) as category,
        j.level,
        j.points,
        coalesce(w.reasons, '') as reasons,
        coalesce(u.missing, '') as missing,
        j.known_case::integer as known_case
    from judgement as j
    left join category_label as c on j.category = c.category
    left join why as w on j.resident_id = w.resident_id and j.category = w.category
    left join unknown_words as u on j.resident_id = u.resident_id and j.category = u.category
    where j.level >= 1
    order by j.rank asc, c.place asc, j.category asc
)

select * from final
