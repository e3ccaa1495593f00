-- rule_contact_lost: in an open 要対協 case nobody met or spoke with child or guardian for as many days as the settings
-- say (fewer from severity 3 on). Days come from the item days_since_contact; what counts is the day last met.
create or replace temp macro worsening_rule_contact_lost(as_of, days) as table
with
waited as (
    select * from item_value where item = 'days_since_contact'
),
children as (
    select resident_id, council_severity from child where council_open and not in_care
),
settings as (
    select days_severe from worsening_rule where code = 'contact_lost'
),
final as (
    select
        waited.resident_id,
        waited.newest_occurred_on as happened_on,
        waited.newest_recorded_on as known_on,
        waited.event_ids[1:3] as event_ids
    from waited
    inner join children on waited.resident_id = children.resident_id
    where
        waited.value >= case
            when children.council_severity >= 3 then (select days_severe from settings) else days
        end
)
select * from final;
