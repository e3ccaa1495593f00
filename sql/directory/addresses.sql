-- Every address anybody was ever registered at, or moved from or to.
with

register as (
    select resident_id, address from src_resident_register
),

moves as (
    select resident_id, unnest([old_address, new_address]) as address from src_resident_move
),

gathered as (
    select resident_id, address from register
    union all
    select resident_id, address from moves
),

final as (
    select distinct resident_id, address from gathered where address is not null and address <> ''
)

select * from final
