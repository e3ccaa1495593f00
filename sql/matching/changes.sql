-- Which links differ from those before (link_before, candidate_before), and the first cause that holds.
with

changed_records as (
    -- {changed_records}
),

changed_residents as (
    select distinct resident_id from src_resident_register where receipt_id > $receipt::integer
    union
    select distinct resident_id from src_resident_move where receipt_id > $receipt::integer
),

-- A rival that came or changed counts as well as the resident of the link itself.
near as (
    select c.extract, c.record_key from link_candidate as c semi join changed_residents using (resident_id)
    union
    select c.extract, c.record_key from candidate_before as c semi join changed_residents using (resident_id)
    union
    select l.extract, l.record_key from link_before as l semi join changed_residents using (resident_id)
),

both_sides as (
    select
        coalesce(n.extract, o.extract) as extract,
        coalesce(n.record_key, o.record_key) as record_key,
        o.status as old_status,
        n.status as new_status,
        o.resident_id as old_resident,
        n.resident_id as new_resident,
        o.extract is null as is_new,
        n.extract is null as is_gone
    from link as n
    full join link_before as o on o.extract = n.extract and o.record_key = n.record_key
),

differing as (
    select * from both_sides
    where is_new or is_gone or old_status <> new_status or old_resident is distinct from new_resident
),

final as (
    select
        $run::integer as run,
        d.extract,
        d.record_key,
        d.old_status,
        d.new_status,
        d.old_resident,
        d.new_resident,
        case
            when p.extract is not null and not p.undone then 'person'
            when p.extract is not null then 'undone'
            when d.is_new then 'new'
            when d.is_gone then 'gone'
            when r.extract is not null then 'record'
            when n.extract is not null then 'register'
            when $model::varchar <> (select value from meta where key = 'linkage_model') then 'model'
            else 'weights'
        end as why,
        '' as detail
    from differing as d
    left join decided_links as p on p.extract = d.extract and p.record_key = d.record_key
    left join changed_records as r on r.extract = d.extract and r.record_key = d.record_key
    left join near as n on n.extract = d.extract and n.record_key = d.record_key
    order by d.extract, d.record_key
)

select * from final
