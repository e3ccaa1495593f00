-- event_support_room: 教育支援センター通室 (11b) as dated facts. A period of support.
create or replace temp macro event_support_room(as_of) as table
with
source as (
    select * from known_support_room
),
final as (
    select
        r.person_id as resident_id,
        r.record_key,
        r.started_on as occurred_on,
        r.ended_on as ended_on,
        r.recorded_on,
        '通室' as kind,
        '教育支援センターに通室' as title,
        '月平均 ' || r.days_per_month || '日' as detail,
        0 as grade,
        true as is_support
    from source as r
)
select * from final;
