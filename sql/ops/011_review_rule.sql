-- The rules that stood behind a child's levels when a person looked: what each rule got right is counted from here.

create table review_rule (
    review_id integer not null references review (review_id),
    rule text not null,
    primary key (review_id, rule)
) strict;

create index review_rule_of on review_rule (rule, review_id);

create trigger review_rule_no_update before update on review_rule
begin
    select raise(abort, 'review_rule is append-only');
end;

create trigger review_rule_no_delete before delete on review_rule
begin
    select raise(abort, 'review_rule is append-only');
end;
