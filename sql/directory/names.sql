-- Every name and reading anybody was ever known by: register in all its versions, 通称, 旧氏, and the names on the
-- linked rows of 学齢簿 and 名簿, where schools write the name of everyday life.
with

register as (
    select resident_id, name, kana, alias_name, former_name from src_resident_register
),

children as (
    select resident_id, name, kana, alias_name, former_name from child
),

links as (
    select extract, record_key, resident_id from link
    where status in ('auto', 'confirmed') and extract in ('school_register', 'pupil_roster')
),

schools as (
    select 'school_register' as extract, record_key, name, kana from src_school_register
    union all
    select 'pupil_roster', record_key, name, kana from src_pupil_roster
),

gathered as (
    select resident_id, unnest([name, kana, alias_name, former_name]) as name from register
    union
    select resident_id, unnest([name, kana, alias_name, former_name]) from children
    union
    select links.resident_id, unnest([schools.name, schools.kana])
    from links
    join schools on schools.extract = links.extract and schools.record_key = links.record_key
),

final as (
    select distinct resident_id, name from gathered where name is not null and name <> ''
)

select * from final
