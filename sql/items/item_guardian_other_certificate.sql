-- guardian_other_certificate: 1 when a guardian living with the child holds a 身体障害者手帳 or a 療育手帳. Never a
-- risk alone.
-- Unit 有無. Window: on the day (交付日 reached, 返還日 not). Source: 障害者手帳, guardians by 続柄.
-- Why: the child may be helping a parent (young carer); means nothing without another fact.
create or replace temp macro item_guardian_other_certificate(as_of) as table
with
final as (
    select * from guardian_certificates(as_of, ['1', '2'])
)
select * from final;
