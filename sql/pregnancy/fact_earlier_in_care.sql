-- earlier_in_care: 1 when a child she brings up is, or within 24 months was, in 一時保護, 施設 or 里親.
create or replace temp macro expectant_fact_earlier_in_care(as_of) as table
with
earlier as (
    select entry_id, child_id, in_care from expectant_child
),
custody as (
    select person_id, custody_on, recorded_on from known_guidance_center_case
    where custody_on <= as_of::date and custody_on > months_ago(as_of, 24)
),
final as (
    select
        earlier.entry_id,
        1::double as value,
        max(custody.custody_on) as occurred_on,
        max(custody.recorded_on) as recorded_on,
        '上の子が一時保護・施設・里親' || coalesce('（一時保護 ' || max(custody.custody_on) || '）', '') as detail
    from earlier
    left join custody on earlier.child_id = custody.person_id
    where earlier.in_care or custody.person_id is not null
    group by earlier.entry_id
)
select * from final order by entry_id;
