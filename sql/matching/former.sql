-- Every name and address the register ever gave some residents, older ones too.
with

register as (
    select * from src_resident_register where list_contains($residents::varchar[], resident_id)
),

moves as (
    select resident_id, unnest([old_address, new_address]) as address from src_resident_move
    where list_contains($residents::varchar[], resident_id)
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
