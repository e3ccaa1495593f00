-- expectant: what the snapshot keeps of each pregnancy. Parameters: $as_of, $born_stays, $unknown_birth.
-- listed: 'open' (to be looked at), 'born' (the child is there; stays a while), 'unsettled' (no birth known long after the
-- day it was due; counted and kept apart), anything else is left out.
-- rank: the order of looking among the open ones; highest level first, then entries whose unknown facts could reach a
-- level, then how many reasons, then the day the birth is due, then the entry's name.
with
everybody as (
    select * from expectant_all
),
marks as (
    select * from expectant_mark
),
entries as (
    select entry_id from expectant_entry
),
placed as (
    select
        everybody.*,
        marks.entry_ref,
        marks.level,
        marks.open_question,
        marks.reasons,
        case
            when everybody.state = 'born' and $as_of - everybody.born_on <= $born_stays then 'born'
            when entries.entry_id is not null then 'open'
            when
                everybody.state = 'overdue'
                and everybody.residence in ('here', 'struck', 'unlinked')
                and {overdue_for} > $unknown_birth
                and {overdue_for} <= 3 * 365
                then 'unsettled'
        end as listed
    from everybody
    inner join marks on everybody.entry_id = marks.entry_id
    left join entries on everybody.entry_id = entries.entry_id
),
kept as (
    select * from placed where listed is not null
),
final as (
    select
        *,
        case when listed = 'open' then row_number() over (
            order by
                listed <> 'open', level desc, open_question desc, reasons desc, due_estimated nulls first, entry_id
        ) end as rank
    from kept
)
select * from final order by entry_id;
