-- rule_sibling_known: a sibling became known to the centre lately: its first 通告, abuse consultation or 要対協 row.
create or replace temp macro worsening_rule_sibling_known(as_of, days) as table
with
events as (
    select * from event
    where
        (extract = 'guidance_center_case' and grade = 3)
        or (extract = 'consultation' and grade >= 2 and (title like '%虐待%' or title like '%ネグレクト%'))
        or extract = 'council_case'
),
firsts as (
    select * from events
    qualify row_number() over (partition by resident_id order by recorded_on, occurred_on, event_id) = 1
),
final as (
    select
        siblings.child_id as resident_id,
        max(firsts.occurred_on) as happened_on,
        max(firsts.recorded_on) as known_on,
        list(firsts.event_id order by firsts.occurred_on desc, firsts.event_id)[1:3] as event_ids
    from firsts
    inner join sibling as siblings on firsts.resident_id = siblings.sibling_id
    where firsts.recorded_on > as_of::date - days
    group by siblings.child_id
)
select * from final;
