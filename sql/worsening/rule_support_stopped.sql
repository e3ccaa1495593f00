-- rule_support_stopped: a support ended lately (通所 and 通室; for children under consultation also 教育相談 and 学童) and
-- none of its kind runs on. Ends on 31 March are ends of the year, not of the support.
create or replace temp macro worsening_rule_support_stopped(as_of, days) as table
with
supports as (
    select * from event
    where
        is_support
        and (
            extract in ('day_support', 'support_room')
            or (
                extract in ('education_counseling', 'after_school_club')
                and resident_id in (select resident_id from child where known_case)
            )
        )
),
stopped as (
    select * from supports
    where
        ended_on <= as_of::date
        and greatest(ended_on, recorded_on) > as_of::date - days
        and ended_on > as_of::date - 3 * days
        and strftime(ended_on, '%m-%d') <> '03-31'
),
followed as (
    select distinct stopped.event_id
    from stopped
    inner join supports
        on
            stopped.resident_id = supports.resident_id
            and stopped.extract = supports.extract
            and stopped.event_id <> supports.event_id
            and (supports.ended_on is null or supports.ended_on > stopped.ended_on)
            and supports.occurred_on <= as_of::date
),
final as (
    select
        resident_id,
        max(ended_on) as happened_on,
        max(greatest(ended_on, recorded_on)) as known_on,
        list(event_id order by ended_on desc, event_id)[1:3] as event_ids
    from stopped
    where event_id not in (select event_id from followed)
    group by resident_id
)
select * from final;
