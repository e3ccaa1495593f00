-- checkup_precise: the newest infant check-up said 要精密・要治療, and no 通所支援, 教育相談 or こども家庭相談 followed.
-- The health office's own follow-up (電話, 教室, 紹介状) is not delivered; the caution says so.
create or replace temp macro missed_gap_checkup_precise(as_of, grace) as table
with
found as (
    select * from checkup_open(as_of, ['3', '4'])
),
final as (
    select
        resident_id as subject_id,
        (attended_on + grace)::date as since_on,
        recorded_on as known_on,
        had_on is not null as has,
        had_on,
        null::varchar as why,
        attended_on::varchar as mark,
        ['4か月児健診', '1歳6か月児健診', '3歳6か月児健診'][checkup::integer] || '（' || attended_on || '）で'
        || ['異常なし', '要観察', '要精密', '要治療'][result::integer] as detail
    from found
)
select * from final order by subject_id;
