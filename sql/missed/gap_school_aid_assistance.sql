-- school_aid_assistance: the child itself is in a 生活保護 household, at a city school, and has neither 教育扶助 nor 就学援助
-- (修学旅行費 and 医療費 of 要保護 pupils come through 就学援助). A blank 教育扶助 is unknown.
create or replace temp macro missed_gap_school_aid_assistance(as_of, grace) as table
with
children as (
    select resident_id from at_city_school()
),
running as (
    select * from known_public_assistance
    where started_on <= as_of::date and (ended_on is null or ended_on > as_of::date)
    qualify row_number() over (partition by person_id order by started_on desc, record_key desc) = 1
),
aid as (
    select * from school_aid(as_of) where state <> 'decided'
),
found as (
    select
        children.resident_id, running.started_on, running.recorded_on, running.education_aid, aid.state, aid.had_on,
        greatest(running.started_on + grace, fiscal_year_start(as_of))::date as since_on
    from children
    inner join running on children.resident_id = running.person_id
    left join aid on children.resident_id = aid.resident_id
),
final as (
    select
        resident_id as subject_id,
        since_on,
        recorded_on as known_on,
        case
            when education_aid or state is not null then true
            when not education_aid and school_aid_unknown(as_of) is null then false
        end as has,
        case when education_aid then started_on else had_on end as had_on,
        case when education_aid is null then '教育扶助の欄が空' else school_aid_unknown(as_of) end as why,
        fiscal_year(as_of)::varchar as mark,
        '生活保護（開始 ' || started_on || '）' as detail
    from found
)
select * from final order by subject_id;
