-- guardian: who brings the child up and lives with it, one row per child and guardian.
-- kind: mother/father/parent by 続柄 or birth record; partner = husband or wife of the parent, registered or not,
-- who is no parent by 続柄; carer = receives the child's allowance and is no parent by 続柄 (a grandparent, say).
-- Source: 続柄 chains inside the household (子 → 世帯主 and spouse; 子の子 → 子; 妻の子 → 妻, 世帯主 as partner);
-- 妊娠届, 児童手当 and 児童扶養手当 decide where several persons fit and where the chain says nothing.
create or replace temp macro guardian_derived() as table
with people as (
    select * from cohabitant
),
children as (
    select * from people where is_child
),
evidence as (
    select child_id, mother_id as guardian_id, true as by_birth from known_pregnancy where child_id is not null
    union all
    select resident_id, guardian_id, false from known_child_allowance
    union all
    select resident_id, guardian_id, false from known_child_rearing_allowance
),
named as (
    select e.child_id, e.guardian_id, bool_or(e.by_birth) as by_birth
    from evidence as e
    join children as c on c.resident_id = e.child_id
    join people as p on p.resident_id = e.guardian_id and p.living_group = c.living_group
    where p.resident_id <> c.resident_id and coalesce(p.age, 99) >= 16
    group by e.child_id, e.guardian_id
),
wanted as (
    select resident_id as child_id, household_id, left(chain, length(chain) - 1) as chain, 'direct' as part
    from children where chain like '%C'
    union all
    select resident_id, household_id, left(chain, length(chain) - 1) || 'S', 'spouse'
    from children where chain like '%C'
    union all
    select resident_id, household_id, left(chain, length(chain) - 1) || 'U', 'partner'
    from children where chain like '%C'
    union all
    select resident_id, household_id, left(chain, length(chain) - 2), 'partner'
    from children where chain like '%SC' or chain like '%UC'
    union all
    select resident_id, household_id, chain || 'P', 'parent' from children where chain not like '%X%'
    union all
    select resident_id, household_id, chain || 'P' || unnest(['S', 'U']), 'partner'
    from children where chain not like '%X%'
    union all
    select resident_id, household_id, left(chain, length(chain) - 1) || 'P', 'parent'
    from children where chain like '%B'
),
matched as (
    select
        w.child_id, p.resident_id as guardian_id, w.part, p.sex,
        n.guardian_id is not null as is_named,
        count(*) filter (where w.part = 'direct') over (partition by w.child_id) as direct_found,
        count(*) filter (where w.part = 'direct' and n.guardian_id is not null)
            over (partition by w.child_id) as direct_named
    from wanted as w
    join people as p on p.household_id = w.household_id and p.chain = w.chain
    left join named as n on n.child_id = w.child_id and n.guardian_id = p.resident_id
    where p.resident_id <> w.child_id and coalesce(p.age, 99) >= 16
),
by_chain as (
    select
        child_id, guardian_id,
        case
            when part = 'partner' then 'partner'
            when sex = '2' then 'mother'
            when sex = '1' then 'father'
            else 'parent'
        end as kind
    from matched
    where case
        when part = 'direct' then direct_found = 1 or is_named
        when part = 'parent' then true
        -- several grown children of the 世帯主: whose husband or wife this is stays open
        when direct_found > 1 then is_named
        else direct_found = 1
    end
),
by_evidence as (
    select
        n.child_id, n.guardian_id,
        case
            when n.by_birth then 'mother'
            -- another household behind the same door, or 縁故者: the chain is silent, age and sex decide
            when (p.household_id <> c.household_id or c.chain like '%X%' or p.chain like '%X%')
                and date_diff('year', p.born_from, c.born_from) between 14 and 50
                then case p.sex when '2' then 'mother' when '1' then 'father' else 'parent' end
            else 'carer'
        end as kind
    from named as n
    join children as c on c.resident_id = n.child_id
    join people as p on p.resident_id = n.guardian_id
),
everybody as (
    select child_id, guardian_id, kind, 1 as pass from by_chain
    union all
    select child_id, guardian_id, kind, 2 as pass from by_evidence
),
final as (
    select child_id, guardian_id, arg_min(kind, pass * 10 + case kind when 'partner' then 1 else 0 end) as kind
    from everybody
    group by child_id, guardian_id
    order by child_id, guardian_id
)
select * from final;
