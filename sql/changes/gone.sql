-- gone: children of the earlier list who are no children of the city any more, by what the register says of them:
-- its newest row is 転出, 死亡 or 職権消除; who still lives here has passed the end of the 年度 of the 18th birthday.
with
gone as (
    select distinct resident_id
    from earlier_judgement
    where level > 0 and resident_id not in (select resident_id from child)
),
register as (
    select gone.resident_id, arg_max(source.status, (source.delivered_on, source.row_number)) as status
    from gone
    left join src_resident_register as source on gone.resident_id = source.resident_id
    group by gone.resident_id
),
final as (
    select
        case status
            when '1' then '18歳になった年度の終わり'
            when '2' then '転出'
            when '3' then '死亡'
            when '4' then '職権消除'
            else '住民基本台帳にない'
        end as reason,
        count(*) as children
    from register
    group by reason
)
select * from final
order by children desc, reason;
