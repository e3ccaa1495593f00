-- guardian_mental_certificate: 1 when a guardian living with the child holds a 精神障害者保健福祉手帳. Never a
-- risk alone.
-- Unit 有無. Window: on the day (交付日 reached, 返還日 not). Source: 障害者手帳, guardians by 続柄.
create or replace temp macro item_guardian_mental_certificate(as_of) as table
with
final as (
    select * from guardian_certificates(as_of, ['3'])
)
select * from final;
