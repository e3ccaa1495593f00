-- school_aid_allowance: 児童扶養手当 全部支給, at a city school, and no 就学援助 this fiscal year.
-- Open from August (or a month after the allowance began). Decided against (否認定, 取下げ) is no gap.
create or replace temp macro missed_gap_school_aid_allowance(as_of, grace) as table
with
children as (
    select resident_id, school_grade from at_city_school()
),
paid as (
    select person_id, started_on, recorded_on, payment from known_child_rearing_allowance
    where started_on <= as_of::date and (ended_on is null or ended_on > as_of::date)
    qualify row_number() over (partition by person_id order by started_on desc, record_key desc) = 1
),
aid as (
    select * from school_aid(as_of)
),
found as (
    select
        children.resident_id, paid.started_on, paid.recorded_on, aid.state, aid.had_on,
        greatest(
            make_date(fiscal_year(as_of), 8, 1) - (case when month(as_of::date) between 4 and 7 then 122 else 0 end),
            paid.started_on + grace
        )::date as since_on
    from children
    inner join paid on children.resident_id = paid.person_id and paid.payment = '1'
    left join aid on children.resident_id = aid.resident_id
),
final as (
    select
        resident_id as subject_id,
        since_on,
        recorded_on as known_on,
        case
            when state is not null then true
            when school_aid_unknown(as_of) is null then false
        end as has,
        had_on,
        school_aid_unknown(as_of) as why,
        fiscal_year(as_of)::varchar as mark,
        '児童扶養手当が全部支給（認定 ' || started_on || '）' as detail
    from found
    where state is distinct from 'decided'
)
select * from final order by subject_id;
