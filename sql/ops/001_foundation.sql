-- Accounts, duties, sessions, lockout.

create table account (
    user_id text primary key,
    name text not null,
    department text not null,
    password_hash text not null,
    status text not null default 'active' check (status in ('active', 'stopped')),
    must_change integer not null default 0 check (must_change in (0, 1)),
    created_at text not null,
    password_at text not null,
    -- a login cookie issued at or before this moment is dead
    revoked_at text,
    version integer not null default 1
) strict;

create table duty (
    duty_id integer primary key,
    user_id text not null references account (user_id),
    role text not null,
    department text not null,
    valid_from text not null,
    valid_to text,
    granted_by text not null,
    granted_at text not null,
    ended_by text,
    ended_at text
) strict;

create index duty_user on duty (user_id);

create table login_failure (
    -- a keyed hash of what was typed as user ID, so that unknown IDs are counted like known ones
    id_hash text primary key,
    failures integer not null,
    last_at text not null,
    locked_until text
) strict;

create table session (
    session_id text primary key,
    label text not null unique,
    user_id text not null references account (user_id),
    duty_id integer not null references duty (duty_id),
    started_at text not null,
    last_seen_at text not null,
    ended_at text,
    end_reason text
) strict;

create index session_live on session (user_id, ended_at);

-- The operation log. Rows are only ever added; each carries the hash of the row before it.

create table operation_log (
    seq integer primary key,
    at_utc text not null,
    at_jst text not null,
    user_id text not null,
    role text not null,
    department text not null,
    session text not null,
    page text not null,
    action text not null,
    subject text,
    purpose text,
    count integer,
    detail text not null,
    result text not null check (result in ('ok', 'denied', 'failed')),
    snapshot text,
    ruleset text,
    prev_hash text not null,
    hash text not null
) strict;

create index operation_log_subject on operation_log (subject, seq) where subject is not null;
create index operation_log_user on operation_log (user_id, seq);
create index operation_log_action on operation_log (action, seq);
create index operation_log_at on operation_log (at_jst, seq);

create trigger operation_log_no_update before update on operation_log
begin
    select raise(abort, 'operation_log is append-only');
end;

create trigger operation_log_no_delete before delete on operation_log
begin
    select raise(abort, 'operation_log is append-only');
end;

-- The sealed head: what the newest row is. Cutting the tail leaves it pointing past the end.
create table log_head (
    one integer primary key check (one = 1),
    seq integer not null,
    hash text not null,
    seal text not null
) strict;

create trigger log_head_no_delete before delete on log_head
begin
    select raise(abort, 'log_head stays');
end;

-- Opening a child outside one's cases: who, whom, for what, until when.
create table access_grant (
    grant_id integer primary key,
    user_id text not null,
    resident_id text not null,
    purpose text not null,
    note text not null,
    granted_at text not null,
    expires_at text not null
) strict;

create index access_grant_who on access_grant (user_id, resident_id, expires_at);

create trigger access_grant_no_update before update on access_grant
begin
    select raise(abort, 'access_grant is append-only');
end;

create trigger access_grant_no_delete before delete on access_grant
begin
    select raise(abort, 'access_grant is append-only');
end;
