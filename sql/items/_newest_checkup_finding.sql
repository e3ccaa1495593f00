-- newest_checkup_finding(as_of, finding): evidence row of the newest infant check-up (by 受診日) at which the
-- finding was noted; value is the finding as a number. Children before school entry; no row when never noted.
-- finding: 'result' (総合判定), 'parenting' (育児状況) or 'caries' (未処置う歯数).
create or replace temp macro newest_checkup_finding(as_of, finding) as table
with
children as (
    select resident_id from child where coalesce(school_grade < 1, age <= 5)
),
checkups as (
    select
        children.resident_id, checkup.attended_on, checkup.record_key, checkup.recorded_on,
        case finding
            when 'result' then checkup.result::integer
            when 'parenting' then checkup.parenting::integer
            when 'caries' then checkup.caries::integer
        end as found
    from known_infant_checkup as checkup
    inner join children on checkup.person_id = children.resident_id
    where checkup.attended_on <= as_of::date
),
newest as (
    select * from checkups
    where found is not null
    qualify row_number() over (partition by resident_id order by attended_on desc, record_key desc) = 1
),
final as (
    select
        resident_id,
        found as value,
        1 as events,
        ['infant_checkup:' || record_key] as event_ids,
        attended_on as newest_occurred_on,
        recorded_on as newest_recorded_on
    from newest
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
