-- event_child_allowance: 児童手当 (05b) as dated facts. A period of support.
create or replace temp macro event_child_allowance(as_of) as table
with
source as (
    select * from known_child_allowance
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.started_on as occurred_on,
        r.ended_on as ended_on,
        r.recorded_on,
        '手当' as kind,
        '児童手当' || case when r.suspended then '（差止）' else '' end as title,
        r.end_reason as detail,
        case when r.suspended then 1 else 0 end as grade,
        not coalesce(r.suspended, false) as is_support
    from source as r
)
select * from final;
