-- One child by the opaque reference of its page; nothing when the reference is unknown or out of scope.
with

children as (
    select * from child where {scope}
),

final as (
    select *
    from children
    where child_ref = $child_ref
)

select * from final
order by resident_id
