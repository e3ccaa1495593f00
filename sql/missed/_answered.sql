-- answered(as_of): the newest day on which a consulting office took a child's matter up, one row per child (met_about).
-- What happened after it waits for an answer still, whatever was talked about before.
create or replace temp macro answered(as_of) as table
with
final as (
    select resident_id, max(occurred_on) as answered_on from met_about(as_of) group by resident_id
)
select * from final;
