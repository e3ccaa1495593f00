-- household_member: who lives behind one door with children, one row per resident; role is seen from the children.
-- 保護者 by `guardian`; 祖父母 by 続柄 chain, or, in another household behind the same door, a whole generation
-- (17 years) older than every guardian; きょうだい are the children and grown children of the same parents.
create or replace temp macro household_member_derived() as table
with people as (
    select * from cohabitant
),
guardians as (
    select * from guardian
),
guardian_rows as (
    select distinct p.resident_id, p.household_id, p.living_group, p.chain, p.born_from
    from guardians as g
    join people as p on p.resident_id = g.guardian_id
    where g.kind <> 'carer'
),
carers as (
    select distinct guardian_id as resident_id from guardians
),
child_chains as (
    select distinct household_id, chain from people where is_child
),
grandparent_chains as (
    select distinct household_id, chain || 'P' as chain from guardian_rows
    union
    select distinct household_id, left(chain, length(chain) - 1) from guardian_rows where chain like '%C'
    union
    select distinct household_id, left(chain, length(chain) - 1) || 'S' from guardian_rows where chain like '%C'
    union
    select distinct household_id, left(chain, length(chain) - 2) from child_chains where chain like '%CC'
    union
    select distinct household_id, left(chain, length(chain) - 2) || 'S' from child_chains where chain like '%CC'
),
oldest_guardian as (
    select living_group, min(born_from) as born_from, count(*) as guardians
    from guardian_rows
    group by living_group
),
final as (
    select
        p.living_group, p.resident_id, p.name, p.birth_date, p.age, p.sex, p.relation as relation_text,
        case
            when p.is_child then 'きょうだい'
            when gc.chain is not null then '祖父母'
            when c.resident_id is not null then '保護者'
            when p.born_from <= o.born_from - interval 17 year
                and not exists (
                    select 1 from guardian_rows as r where r.household_id = p.household_id
                ) then '祖父母'
            when cc.chain is not null then 'きょうだい'
            else 'その他'
        end as role
    from people as p
    left join carers as c on c.resident_id = p.resident_id
    left join grandparent_chains as gc on gc.household_id = p.household_id and gc.chain = p.chain
    left join child_chains as cc on cc.household_id = p.household_id and cc.chain = p.chain and cc.chain <> ''
    left join oldest_guardian as o on o.living_group = p.living_group
    order by p.living_group, p.born_from, p.resident_id
)
select * from final;
