-- single_parent: 1 when exactly one parent lives with the child and that parent has no partner behind
-- the same door, 0 when there are two.
-- Unit 有無. Window: on the day. Source: 住民基本台帳, 続柄 chains (guardian.sql); 夫・妻・未届 count as a partner.
-- No row (不明) when the chain gives no parent, and when a grown-up of the other sex and the same
-- generation lives there whose part 続柄 does not tell (世帯分離, 同居人, 縁故者).
create or replace temp macro item_single_parent(as_of) as table
with
children as (
    select resident_id, living_group from child
),
people as (
    select * from cohabitant
),
guardians as (
    select * from guardian
),
parents as (
    select
        child_id,
        count(*) filter (where kind in ('mother', 'father', 'parent')) as parents,
        count(*) filter (where kind = 'partner') as partners,
        min(guardian_id) filter (where kind in ('mother', 'father', 'parent')) as parent_id
    from guardians
    group by child_id
),
alone as (
    select parents.child_id, people.*
    from parents
    inner join people on parents.parent_id = people.resident_id
    where parents.parents = 1 and parents.partners = 0
),
spouses as (
    select distinct alone.child_id
    from alone
    inner join people
        on alone.household_id = people.household_id and alone.resident_id <> people.resident_id
    where
        people.chain in (alone.chain || 'S', alone.chain || 'U')
        or (
            (alone.chain like '%S' or alone.chain like '%U')
            and people.chain = left(alone.chain, length(alone.chain) - 1)
        )
),
unclear as (
    select distinct alone.child_id
    from alone
    inner join people on alone.living_group = people.living_group
    where
        people.resident_id <> alone.resident_id
        and (people.household_id <> alone.household_id or people.chain like '%X%')
        and coalesce(people.age, 99) >= 18
        and people.sex <> alone.sex
        and coalesce(abs(date_diff('year', people.born_from, alone.born_from)), 0) < 17
    union
    select resident_id from people where is_child and chain like '%X%'
),
recorded as (
    select living_group, max(recorded_on) as recorded_on from people group by living_group
),
final as (
    select
        children.resident_id,
        case when parents.parents = 1 and parents.partners = 0 and spouses.child_id is null then 1 else 0 end
            as value,
        0 as events,
        []::varchar[] as event_ids,
        null::date as newest_occurred_on,
        recorded.recorded_on as newest_recorded_on
    from children
    inner join parents on children.resident_id = parents.child_id and parents.parents > 0
    left join spouses on children.resident_id = spouses.child_id
    left join recorded on children.living_group = recorded.living_group
    where
        spouses.child_id is not null
        or children.resident_id not in (select child_id from unclear)
)
select
    resident_id,
    value::double as value,
    events::integer as events,
    event_ids,
    newest_occurred_on,
    newest_recorded_on
from final;
