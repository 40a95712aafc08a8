-- Answers that are kept, so that a request which comes again is answered again and not carried out again.

create table kanban.idempotency_keys (
    tenant_id   text        not null,
    -- whose key it is: two callers may choose the same
    caller      text        not null,
    key         text        not null,
    -- SHA-256 of what was asked
    fingerprint bytea       not null,
    -- null until the work is done, which only its own transaction sees
    answer      bytea,
    created_at  timestamptz not null,
    constraint idempotency_keys_pk primary key (tenant_id, caller, key),
    constraint idempotency_keys_key_length check (char_length(key) between 1 and 255),
    constraint idempotency_keys_fingerprint_sha256 check (octet_length(fingerprint) = 32)
);

create index idempotency_keys_age on kanban.idempotency_keys (tenant_id, created_at);

-- Takes a key, or answers what it was taken for. Whoever comes second waits here until the first has committed or gone.
-- Keys that are older than p_keep are forgotten, a few at each call.
create function kanban.take_idempotency_key(
    p_tenant text, p_caller text, p_key text, p_fingerprint bytea, p_keep integer,
    out is_new boolean, out is_same boolean, out answer bytea)
    language plpgsql as $$
declare
    v_now timestamptz := clock_timestamp();
    v_old timestamptz := v_now - make_interval(secs => p_keep);
begin
    delete from kanban.idempotency_keys as k
    where k.tenant_id = p_tenant and k.caller = p_caller and k.key = p_key and k.created_at < v_old;
    insert into kanban.idempotency_keys (tenant_id, caller, key, fingerprint, created_at)
    values (p_tenant, p_caller, p_key, p_fingerprint, v_now)
    on conflict do nothing;
    is_new := found;
    if is_new then
        is_same := true;
        delete from kanban.idempotency_keys as k
        where k.tenant_id = p_tenant and (k.caller, k.key) in (
            select o.caller, o.key from kanban.idempotency_keys as o
            where o.tenant_id = p_tenant and o.created_at < v_old
            order by o.created_at limit 10 for update skip locked);
    else
        select k.fingerprint = p_fingerprint, k.answer into is_same, answer from kanban.idempotency_keys as k
        where k.tenant_id = p_tenant and k.caller = p_caller and k.key = p_key;
        if not found then
            -- forgotten in between
            perform kanban.try_again();
        end if;
    end if;
end $$;
