-- at_city_school(): children in grade 1 to 9 on the roster of the city's schools who live at home.
create or replace temp macro at_city_school() as table
with
children as (
    select * from child
),
final as (
    select * from children where school_grade between 1 and 9 and not no_public_school and not in_care
)
select * from final;
