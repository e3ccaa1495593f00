-- expectant_entries: every pregnancy the city knew of on `as_of`, one row per mother and pregnancy.
-- From 妊娠届 (notices of one mother whose due days lie within 60 days are one pregnancy: twins have two handbooks) and
-- from open 要対協 cases of kind 特定妊婦; such a case without a notice is a pregnancy of its own (届出なし).
-- due_estimated: 出産予定日 where it is possible at that week, else by weeks (40 weeks). born_by: 'notice' when 児宛名番号
-- is filled in, 'register' when a child of hers born around the due day lives here though the number is still blank.
-- residence: here, moved, struck (職権消除), dead, elsewhere (not in the register), unlinked (nobody known).
create or replace temp macro expectant_entries(as_of, overdue_days) as table
with
notices as (
    select
        *,
        case
            when due_on between notified_on - 60 and notified_on + 310 then due_on
            else notified_on + (40 - least(weeks, 40)) * 7
        end as due_estimated
    from known_pregnancy
    where notified_on <= as_of
),
spaced as (
    select
        *,
        due_estimated - lag(due_estimated) over (partition by mother_id order by due_estimated, record_key) as apart
    from notices
),
numbered as (
    select
        *,
        sum(case when apart <= 60 then 0 else 1 end) over (
            partition by mother_id order by due_estimated, record_key rows unbounded preceding
        ) as pregnancy_no
    from spaced
),
notified as (
    select
        'pregnancy:' || arg_min(record_key, (notified_on, record_key)) as entry_id,
        list('pregnancy:' || record_key order by notified_on, record_key) as notice_keys,
        mother_id,
        min(notified_on) as notified_on,
        arg_min(weeks, (notified_on, record_key)) as weeks,
        min(due_estimated) as due_estimated,
        max(support_class) as support_class,
        arg_max(marital, (recorded_on, record_key)) filter (where marital is not null) as marital,
        list(distinct child_id order by child_id) filter (where child_id is not null) as child_ids,
        max(recorded_on) as recorded_on
    from numbered
    group by mother_id, pregnancy_no
),
cases as (
    select * from council_now(as_of) where kind = '3' and is_open
),
attached as (
    select cases.consultation_id, notified.entry_id
    from cases
    inner join notified
        on cases.person_id = notified.mother_id
        and cases.started_on between notified.due_estimated - 300 and notified.due_estimated + 60
    qualify row_number() over (
        partition by cases.consultation_id
        order by abs(cases.started_on - notified.due_estimated), notified.entry_id
    ) = 1
),
case_of_notice as (
    select
        attached.entry_id,
        list('council_case:' || cases.consultation_id order by cases.consultation_id) as case_keys,
        list(cases.consultation_id order by cases.consultation_id) as consultations,
        max(cases.severity) as severity,
        min(cases.started_on) as case_on,
        max(cases.recorded_on) as recorded_on
    from attached
    inner join cases on attached.consultation_id = cases.consultation_id
    group by attached.entry_id
),
unnotified as (
    select * from cases where consultation_id not in (select consultation_id from attached)
),
joined as (
    select
        notified.entry_id,
        notified.notice_keys || coalesce(case_of_notice.case_keys, []::varchar[]) as keys,
        notified.mother_id,
        notified.notified_on,
        notified.weeks,
        notified.due_estimated,
        notified.support_class,
        notified.marital,
        coalesce(notified.child_ids, []::varchar[]) as child_ids,
        coalesce(case_of_notice.consultations, []::varchar[]) as consultations,
        case_of_notice.severity,
        case_of_notice.case_on,
        greatest(notified.recorded_on, coalesce(case_of_notice.recorded_on, notified.recorded_on)) as recorded_on
    from notified
    left join case_of_notice on notified.entry_id = case_of_notice.entry_id
    union all
    select
        'council_case:' || consultation_id, ['council_case:' || consultation_id], person_id,
        null, null, null, null, null, []::varchar[], [consultation_id], severity, started_on, recorded_on
    from unnotified
),
concerned as (
    select mother_id as resident_id from joined
    union
    select unnest(child_ids) from joined
),
register as (
    select * from known_resident_register
    where resident_id in (select resident_id from concerned)
    qualify row_number() over (partition by resident_id order by recorded_on desc, record_key desc) = 1
),
named as (
    select entry_id, due_estimated, unnest(child_ids) as child_id from joined
),
named_births as (
    select
        named.entry_id,
        min(coalesce(register.birth_date, least(named.due_estimated, as_of::date))) as born_on,
        list(register.resident_id order by register.resident_id) filter (where register.status <> '3') as children
    from named
    inner join register on named.child_id = register.resident_id
    group by named.entry_id
),
seen_births as (
    select
        joined.entry_id,
        min(people.birth_date) as born_on,
        list(people.resident_id order by people.resident_id) as children
    from joined
    inner join guardian on joined.mother_id = guardian.guardian_id and guardian.kind = 'mother'
    inner join resident as people on guardian.child_id = people.resident_id
    where
        people.birth_date between
            coalesce(joined.due_estimated - 126, joined.case_on) and coalesce(joined.due_estimated + 35, as_of)
    group by joined.entry_id
),
born as (
    select
        joined.*,
        case
            when len(joined.child_ids) > 0
                then coalesce(named_births.born_on, least(joined.due_estimated, as_of))
            else seen_births.born_on
        end as born_on,
        case
            when len(joined.child_ids) > 0 then 'notice' when seen_births.entry_id is not null then 'register'
        end as born_by,
        case
            when len(joined.child_ids) > 0 then coalesce(named_births.children, []::varchar[])
            else coalesce(seen_births.children, []::varchar[])
        end as children
    from joined
    left join named_births on joined.entry_id = named_births.entry_id
    left join seen_births on joined.entry_id = seen_births.entry_id
),
measures as (
    select person_id from known_protective_measure
    where started_on <= as_of and (lifted_on is null or lifted_on > as_of)
),
wanted as (
    select resident_id from concerned
    union
    select person_id from measures
),
people as (
    select resident.*, coalesce(living_group.living_group, resident.household_id) as home
    from resident
    left join living_group on resident.household_id = living_group.household_id
    where resident.resident_id in (select resident_id from wanted)
),
protected_homes as (
    select distinct people.home from measures inner join people on measures.person_id = people.resident_id
),
asked as (
    select * from known_consultation
),
final as (
    select
        born.*,
        case when born.mother_id is null then asked.name else register.name end as name,
        case when born.mother_id is null then asked.kana else register.kana end as kana,
        case when born.mother_id is null then asked.birth_date else register.birth_date end as birth_date,
        case when born.mother_id is null then asked.birth_text else register.birth_text end as birth_text,
        completed_years(
            case when born.mother_id is null then asked.birth_date else register.birth_date end, as_of
        ) as age,
        people.household_id,
        people.home,
        people.chain,
        people.resident_since,
        people.address,
        people.address_detail,
        case
            when born.mother_id is null then 'unlinked'
            when people.resident_id is not null then 'here'
            when register.status = '2' then 'moved'
            when register.status = '3' then 'dead'
            when register.status = '4' then 'struck'
            else 'elsewhere'
        end as residence,
        case when people.resident_id is null and register.status in ('2', '4') then register.status_on end as left_on,
        people.home in (select home from protected_homes) is true
        or born.mother_id in (select person_id from measures) is true as protected,
        case
            when born.born_on is not null then 'born'
            when as_of > coalesce(born.due_estimated, born.case_on + 280) + overdue_days then 'overdue'
            else 'expecting'
        end as state
    from born
    left join register on born.mother_id = register.resident_id
    left join people on born.mother_id = people.resident_id
    left join asked on born.consultations[1] = asked.consultation_id
)
select * from final where residence <> 'dead' order by entry_id;
