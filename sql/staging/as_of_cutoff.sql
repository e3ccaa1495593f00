-- as_of_cutoff: the last delivery day of one extract that counts for the judgement day `as_of`.
-- From the first register delivery on, that is the day itself. A day before it is a replay of the time before
-- the system existed: then the first load counts, and 登録日 alone decides what was known.
create or replace temp macro as_of_cutoff(extract_name, as_of) as (
    with register as (
        select min(d.delivered_on) as first_on from delivery as d where d.extract = 'resident_register'
    ),
    own as (
        select min(d.delivered_on) as first_on from delivery as d where d.extract = extract_name
    ),
    final as (
        select
            case
                when register.first_on is null or as_of >= register.first_on then as_of
                else greatest(register.first_on, own.first_on)
            end as cutoff
        from register, own
    )
    select cutoff from final
);
