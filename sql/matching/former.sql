-- Every name and address the register ever gave some residents, older ones too.
with

register as materialized (
    select resident_id, name, kana, alias_name, former_name, address, address_detail from src_resident_register
    where resident_id in (select unnest($residents::varchar[]))
),

moves as (
    select resident_id, unnest([old_address, new_address]) as address from src_resident_move
    where resident_id in (select unnest($residents::varchar[]))
),

final as (
    select distinct resident_id, 'name' as what, name as value, kana as more from register
    union
    select distinct resident_id, 'alias', alias_name, null from register where alias_name is not null
    union
    select distinct resident_id, 'former', former_name, null from register where former_name is not null
    union
    select distinct resident_id, 'address', address, address_detail from register where address is not null
    union
    select distinct resident_id, 'address', address, null from moves where address is not null
)

select * from final
order by resident_id, what, value, more
