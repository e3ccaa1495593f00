-- care_leaver: back home from 一時保護 within 12 months, and neither met by the centre since nor on 要対協.
create or replace temp macro missed_gap_care_leaver(as_of, grace) as table
with
children as (
    select resident_id, council_open from child where not in_care
),
returned as (
    select person_id, max(custody_ended_on) as ended_on, max(recorded_on) as recorded_on
    from known_guidance_center_case
    where
        custody_on <= as_of::date
        and custody_ended_on <= as_of::date
        and custody_ended_on > months_ago(as_of, 12)
    group by person_id
),
first_help as (
    select returned.person_id, min(met.occurred_on) as had_on
    from returned
    inner join met_about(as_of) as met
        on returned.person_id = met.resident_id and met.occurred_on >= returned.ended_on
    group by returned.person_id
),
final as (
    select
        children.resident_id as subject_id,
        (returned.ended_on + grace)::date as since_on,
        returned.recorded_on as known_on,
        first_help.had_on is not null or children.council_open as has,
        first_help.had_on,
        null::varchar as why,
        returned.ended_on::varchar as mark,
        '一時保護が解除（' || returned.ended_on || '）' as detail
    from children
    inner join returned on children.resident_id = returned.person_id
    left join first_help on children.resident_id = first_help.person_id
)
select * from final order by subject_id;
