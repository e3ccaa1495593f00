-- Why: one row per child, category and rule that counts, in words, with the events behind it.
with rule as (
    select * from rule_row
),

hit as (
    select * from rule_hit
),

cap as (
    select * from rule_cap
),

leaf as (
    select * from rule_leaf
),

item_value as (
    select * from item_value
),

hit_leaf as (
    select
        h.resident_id,
        h.rule,
        l.leaf_no,
        l.alone,
        l.item_label,
        l.item_window,
        v.events,
        v.event_ids,
        case
            when l.item_unit = '' then ''
            when l.item_steps <> '' and v.value = round(v.value)
                then coalesce(str_split(l.item_steps, '|')[round(v.value)::bigint], '')
            when v.value = round(v.value) then round(v.value)::bigint::varchar || l.item_unit
            else printf('%.1f', v.value) || l.item_unit
        end as amount
    from hit as h
    inner join leaf as l on h.rule = l.rule
    inner join item_value as v on h.resident_id = v.resident_id and l.item = v.item
    where
        case l.op
            when '>=' then round(v.value, 4) >= l.value
            when '>' then round(v.value, 4) > l.value
            when '<=' then round(v.value, 4) <= l.value
            when '<' then round(v.value, 4) < l.value
            when '=' then round(v.value, 4) = l.value
            else round(v.value, 4) <> l.value
        end
),

behind_one as (
    select
        resident_id,
        rule,
        1 as leaves,
        coalesce(events, 0) as events,
        coalesce(event_ids, []::varchar[]) as event_ids,
        amount,
        item_window,
        '' as together
    from hit_leaf
    where alone
),

behind_several as (
    select
        resident_id,
        rule,
        count(*) as leaves,
        sum(coalesce(events, 0))::integer as events,
        flatten(list(coalesce(event_ids, []::varchar[]) order by leaf_no)) as event_ids,
        first(amount order by leaf_no) as amount,
        first(item_window order by leaf_no) as item_window,
        string_agg(
            item_label || case when amount = '' then '' else ' ' || amount end, '、' order by leaf_no
        ) as together
    from hit_leaf
    where not alone
    group by resident_id, rule
),

behind as (
    select * from behind_one
    union all
    select * from behind_several
),

rule_reason as (
    select
        h.resident_id,
        r.category,
        r.kind,
        r.kind_no,
        r.level,
        h.rule as code,
        h.points,
        r.label || case
            when b.leaves > 1 then '（' || b.together || '）'
            when b.amount <> '' then '：' || b.amount
            else ''
        end || case
            when b.leaves > 1 or coalesce(b.item_window, '') = '' or contains(r.label, b.item_window) then ''
            else '（' || b.item_window || '）'
        end || r.remark as text,
        coalesce(b.events, 0)::integer as events,
        coalesce(list_slice(list_filter(
            b.event_ids, lambda id, n: list_position(b.event_ids, id) = n
        ), 1, 10), []::varchar[]) as event_ids
    from hit as h
    inner join rule as r on h.rule = r.code
    left join behind as b on h.resident_id = b.resident_id and h.rule = b.rule
),

cap_reason as (
    select
        c.resident_id,
        c.category,
        r.kind,
        r.kind_no,
        r.level,
        c.code,
        c.points,
        r.label || r.remark as text,
        0::integer as events,
        []::varchar[] as event_ids
    from cap as c
    inner join rule as r on c.code = r.code
),

every_reason as (
    select * from rule_reason
    union all
    select * from cap_reason
),

final as (
    select
        resident_id,
        category,
        row_number() over (
            partition by resident_id, category
            order by kind_no asc, level desc nulls last, points desc, code asc
        )::integer as ord,
        kind,
        code,
        points::double as points,
        text,
        events,
        event_ids
    from every_reason
    order by resident_id asc, category asc, ord asc
)

select * from final
