-- stg_pregnancy: 妊娠届 (04a, おやこ保健課) as the city knew it on `as_of`.
-- One row per 母子健康手帳番号: the version with the newest 登録日 on or before that day.
-- person_id: the mother.
create or replace temp macro stg_pregnancy(as_of) as table
with known as (
    select * from append_known('pregnancy', as_of)
),
final as (
    select
        k.handbook_id,
        k.mother_id,
        k.notified_on,
        k.weeks,
        k.due_on,
        k.marital,
        k.support_class,
        k.child_id,
        k.recorded_on,
        k.mother_id as person_id,
        k.record_key,
        k.delivered_on
    from known as k
)
select * from final;
