-- 生活保護の開始: the first day of 生活保護 for the child itself (02a).
with
public_assistance as (
    select * from src_public_assistance
),
final as (
    select
        resident_id,
        started_on as occurred_on,
        min(recorded_on) as recorded_on
    from public_assistance
    group by resident_id, record_key, started_on
)
select * from final
