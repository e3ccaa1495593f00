-- worsening: one row per child and alarm. tier 1 今すぐ確認, 2 変化あり; what the settings do not list is left out.
-- events_mark changes whenever a concerning event (grade 2 and more) of the child is new: acknowledgements end then.
with
found as (
    select * from worsening_found
),
children as (
    select resident_id, known_case from child
),
tiered as (
    select
        found.*,
        children.known_case,
        case
            when not found.is_rule then 2
            when children.known_case then rules.tier_case
            else rules.tier_other
        end as tier
    from found
    inner join children on found.resident_id = children.resident_id
    left join worsening_rule as rules on found.code = rules.code
),
evidence as (
    select resident_id, code, unnest(event_ids) as event_id from tiered
),
owners as (
    select
        evidence.resident_id,
        evidence.code,
        list(distinct events.department_code order by events.department_code) as departments
    from evidence
    inner join event as events on evidence.event_id = events.event_id
    group by all
),
marks as (
    select resident_id, md5(string_agg(event_id, ',' order by event_id)) as events_mark
    from event
    where grade >= 2 and resident_id in (select resident_id from tiered)
    group by resident_id
),
final as (
    select
        tiered.resident_id,
        tiered.known_case,
        tiered.tier::tinyint as tier,
        tiered.code,
        tiered.happened_on,
        tiered.known_on,
        tiered.score,
        tiered.detail,
        tiered.event_ids,
        coalesce(owners.departments, []::varchar[]) as departments,
        coalesce(marks.events_mark, '') as events_mark
    from tiered
    left join owners on tiered.resident_id = owners.resident_id and tiered.code = owners.code
    left join marks on tiered.resident_id = marks.resident_id
    where tiered.tier > 0
)
select * from final
order by resident_id, code
