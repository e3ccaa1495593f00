-- stg_pupil_roster: 児童生徒名簿 (08a, 児童生徒課) as the city knew it on `as_of`.
-- One row per 児童生徒番号 that stands in the newest counting delivery.
-- person_id: by the match (auto or confirmed); null while it waits for review.
create or replace temp macro stg_pupil_roster(as_of) as table
with known as (
    select * from snapshot_known('pupil_roster', as_of)
),
links as (
    select number, resident_id from link_settled('pupil_roster')
),
final as (
    select
        k.pupil_id,
        k.name,
        k.kana,
        k.birth_date,
        k.birth_text,
        k.birth_year,
        k.birth_month,
        k.sex,
        k.school_code,
        k.school_name,
        k.grade,
        k.class_name,
        k.guardian_name,
        k.status,
        k.recorded_on,
        l.resident_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
    left join links as l on l.number = k.record_key
)
select * from final;
