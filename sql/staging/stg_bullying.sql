-- stg_bullying: いじめ認知 (08c, 児童生徒課) as the city knew it on `as_of`.
-- One row per 認知番号×児童生徒番号: the version with the newest 登録日 on or before that day.
-- person_id: whoever the row of pupil_roster with the same number belongs to; null while that is not settled.
create or replace temp macro stg_bullying(as_of) as table
with known as (
    select * from append_known('bullying', as_of)
),
links as (
    select number, resident_id from link_settled('pupil_roster')
),
final as (
    select
        k.incident_id,
        k.pupil_id,
        k.role,
        k.occurred_on,
        k.kind,
        k.status,
        k.resolved_on,
        k.serious,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.pupil_id
)
select * from final;
