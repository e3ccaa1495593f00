-- events: the dated facts about the mother of one entry. Parameters: $entry; $department (null: all departments).
with
events as (
    select * from expectant_event where entry_id = $entry
),
final as (
    select * exclude (entry_id) from events where $department is null or department_code = $department
)
select * from final order by occurred_on desc, event_id;
