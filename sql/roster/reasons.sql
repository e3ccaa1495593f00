-- The reasons of the given children that weigh most: highest level first, then the order within the category.
with

judgements as (
    select * from judgement where list_contains($residents::varchar[], resident_id)
),

reasons as (
    select * from reason where list_contains($residents::varchar[], resident_id)
),

weighed as (
    select
        reasons.resident_id,
        reasons.category,
        reasons.kind,
        reasons.code,
        reasons.text,
        judgements.level,
        reasons.points,
        reasons.ord,
        row_number() over (
            partition by reasons.resident_id, reasons.text
            order by judgements.level desc, reasons.category
        ) as said
    from reasons
    inner join judgements
        on
            reasons.resident_id = judgements.resident_id
            and reasons.category = judgements.category
    where
        judgements.level >= 1
        and reasons.kind in ('item', 'combination', 'trigger')
),

final as (
    select
        resident_id,
        category,
        text,
        level,
        row_number() over (
            partition by resident_id
            order by level desc, (kind = 'trigger') desc, points desc nulls last, category, ord
        ) as place
    from weighed
    where said = 1
    qualify place <= $most
)

select * from final
order by resident_id, place
