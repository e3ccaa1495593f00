-- The reasons of the given children in the categories in which they reached a level.
with

judgements as (
    select * from judgement where resident_id in (select unnest($residents::varchar[]))
),

reasons as (
    select * from reason where resident_id in (select unnest($residents::varchar[]))
),

final as (
    select
        reasons.resident_id,
        reasons.category,
        reasons.ord,
        reasons.kind,
        reasons.code,
        reasons.points,
        reasons.text,
        judgements.level
    from reasons
    inner join judgements
        on
            reasons.resident_id = judgements.resident_id
            and reasons.category = judgements.category
    where
        judgements.level >= 1
        and reasons.kind in ('item', 'combination', 'trigger')
)

select * from final
order by resident_id, level desc, category, ord
