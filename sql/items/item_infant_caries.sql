-- infant_caries: untreated decayed teeth at the newest infant check-up at which teeth were counted.
-- Unit 本. Window: until school entry, newest 受診日 with a count. Source: 乳幼児健診. No row when teeth were
-- never counted (不明).
create or replace temp macro item_infant_caries(as_of) as table
with
final as (
    select * from newest_checkup_finding(as_of, 'caries')
)
select * from final;
