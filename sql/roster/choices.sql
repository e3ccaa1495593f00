-- The values the filters offer, from the children in scope.
with

children as (
    select * from child where {scope}
),

final as (
    select
        list_sort(list(distinct school_name) filter (where school_name is not null)) as schools,
        list_sort(list(distinct school_grade) filter (where school_grade is not null)) as grades,
        list(distinct age_band) filter (where age_band is not null) as bands
    from children
)

select * from final
