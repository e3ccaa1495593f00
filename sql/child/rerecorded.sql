-- rerecorded: who lived here on `as_of` by 住民となった日 and 異動日, but whose only row of the register was recorded later
-- (a move, a new name, a death since then). Only a replay of the time before the first register delivery knows such
-- people: 住民基本台帳 then comes without its earlier versions. In daily use the table is empty.
-- Source: 住民基本台帳. What the row says of household, 続柄 and address is newer than the day and must not be used.
create or replace temp macro rerecorded_after(as_of) as table
with standing as (
    select as_of_cutoff('resident_register', as_of) as delivered_on
),
register as (
    select * from src_resident_register
    where
        as_of < (select min(delivered_on) from delivery where extract = 'resident_register')
        and delivered_on <= (select delivered_on from standing)
        and seen_to >= (select delivered_on from standing)
),
final as (
    select
        r.resident_id,
        r.household_id,
        r.name,
        r.kana,
        r.birth_date,
        r.birth_text,
        r.birth_year,
        r.birth_month,
        r.sex,
        r.nationality,
        r.resident_since
    from register as r
    where
        r.recorded_on > as_of
        and r.resident_since <= as_of
        and (r.status = '1' or r.status_on > as_of)
        and r.resident_id not in (select resident_id from known_resident_register)
)
select * from final;
