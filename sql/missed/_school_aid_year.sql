-- school_aid_unknown(as_of): why nobody can tell yet who is without 就学援助 this fiscal year; null when it can be told.
-- April to July the new year's certifications are being decided; later they must have been delivered since June.
create or replace temp macro school_aid_unknown(as_of) as (
    with newest as (
        select max(d.delivered_on) as delivered_on from delivery as d
        where d.extract = 'school_expense_aid' and d.delivered_on <= as_of_cutoff('school_expense_aid', as_of)
    ),
    final as (
        select
            case
                when month(as_of::date) between 4 and 7 then '新しい年度の認定が決まる前（4〜7月）'
                when coalesce(delivered_on < fiscal_year_start(as_of) + 61, true) then '今年度の認定結果が未着'
            end as why
        from newest
    )
    select why from final
);
