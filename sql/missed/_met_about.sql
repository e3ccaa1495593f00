-- met_about(as_of): every day on which a consulting office took a child's matter up: こども家庭相談 received, met in 対応記録,
-- 教育相談. One row per child, day and office.
create or replace temp macro met_about(as_of) as table
with
final as (
    select person_id as resident_id, occurred_on, 'consultation' as extract, kind from known_consultation
    union all
    select person_id, occurred_on, 'contact_log', method from known_contact_log
    where outcome = '1' and counterpart in ('1', '2')
    union all
    select person_id, occurred_on, 'education_counseling', topic from known_education_counseling
)
select * from final where resident_id is not null and occurred_on <= as_of::date;
