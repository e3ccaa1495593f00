-- listed: the alarms of the children a person may list. Placeholders: {scope} over child; $department (null: all
-- departments' facts; else only alarms that rest on that department's facts alone).
with
alarms as (
    select * from worsening
),
children as (
    select resident_id, age_band from child where {scope}
),
final as (
    select
        alarms.resident_id,
        children.age_band,
        alarms.known_case,
        alarms.tier,
        alarms.code,
        alarms.happened_on,
        alarms.known_on,
        alarms.score,
        alarms.detail,
        alarms.event_ids,
        alarms.events_mark
    from alarms
    inner join children on alarms.resident_id = children.resident_id
    where $department is null or (len(alarms.departments) > 0 and list_has_all([$department], alarms.departments))
)
select * from final
order by resident_id, tier, code;
