-- Service tokens.

-- What everybody may know of a token.
create function kanban.token_doc(t kanban.tokens) returns jsonb
    language sql stable parallel safe
    return jsonb_build_object(
        'id', t.id, 'name', t.name, 'prefix', t.prefix, 'scopes', t.scopes,
        'actor', jsonb_build_object('kind', t.actor_kind, 'id', t.actor_id),
        'expires_at', kanban.rfc3339(t.expires_at), 'revoked_at', kanban.rfc3339(t.revoked_at),
        'created_by', jsonb_build_object('kind', t.created_by_kind, 'id', t.created_by_id),
        'created_at', kanban.rfc3339(t.created_at));

create function kanban.create_token(
    p_tenant text, p_actor jsonb, p_id uuid, p_name text, p_prefix text, p_tag bytea, p_hash text, p_scopes text[],
    p_actor_kind text, p_actor_id text, p_expires_at timestamptz) returns kanban.tokens
    language plpgsql as $$
declare
    v_now timestamptz := clock_timestamp();
    v_row kanban.tokens;
begin
    insert into kanban.tokens (tenant_id, id, name, prefix, tag, hash, scopes, actor_kind, actor_id, expires_at,
                               created_by_kind, created_by_id, created_at)
    values (p_tenant, p_id, p_name, p_prefix, p_tag, p_hash, p_scopes, p_actor_kind, p_actor_id, p_expires_at,
            p_actor ->> 'kind', p_actor ->> 'id', v_now)
    returning * into v_row;
    perform kanban.append_tenant_event(p_tenant, 'token', p_id, 'token.created', p_actor, v_now,
                                       jsonb_build_object('after', kanban.token_doc(v_row)));
    return v_row;
end $$;

-- Ends a token. When this has committed, nothing that was written with it is still to be committed. The tenant's row is
-- locked first, for writers take it before they come to the token; the event is appended first, for a token may end
-- itself.
create function kanban.revoke_token(p_tenant text, p_actor jsonb, p_id uuid) returns kanban.tokens
    language plpgsql as $$
declare
    v_now timestamptz;
    v_old kanban.tokens;
    v_new kanban.tokens;
begin
    perform 1 from kanban.tenants where id = p_tenant for no key update;
    perform pg_advisory_xact_lock(hashtextextended('kanban.token/' || p_id, 0));
    select * into v_old from kanban.tokens where tenant_id = p_tenant and id = p_id;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'token'));
    elsif v_old.revoked_at is not null then
        return v_old;
    end if;
    v_now := clock_timestamp();
    v_new := v_old;
    v_new.revoked_at := v_now;
    perform kanban.append_tenant_event(p_tenant, 'token', p_id, 'token.revoked', p_actor, v_now,
                                       kanban.changes(kanban.token_doc(v_old), kanban.token_doc(v_new)));
    update kanban.tokens set revoked_at = v_now where tenant_id = p_tenant and id = p_id;
    return v_new;
end $$;

-- The tokens that begin so, of whatever tenant: past the policies, for whose it is, is what is asked. Only such as may
-- still be used. `expires_in` is by the database's clock, in seconds.
create function kanban.presented_tokens(p_prefix text)
    returns table (tenant_id text, id uuid, tag bytea, hash text, scopes text[], actor_kind text, actor_id text,
                   expires_in double precision, is_suspended boolean, is_stale boolean)
    language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select t.tenant_id, t.id, t.tag, t.hash, t.scopes, t.actor_kind, t.actor_id,
           extract(epoch from t.expires_at - clock_timestamp())::double precision, o.suspended_at is not null,
           t.last_used_at is null or t.last_used_at < clock_timestamp() - interval '1 minute'
    from kanban.tokens as t join kanban.tenants as o on o.id = t.tenant_id
    where t.prefix = p_prefix and t.revoked_at is null and (t.expires_at is null or t.expires_at > clock_timestamp())
      and o.deleted_at is null;
end $$;

-- Whether a token of a tenant still stands: past the policies, for those who look after other tenants than their own.
create function kanban.is_in_force(p_tenant text, p_token uuid) returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return exists (select from kanban.tokens
                   where tenant_id = p_tenant and id = p_token and revoked_at is null
                     and (expires_at is null or expires_at > clock_timestamp()));
end $$;

-- Whether anybody could be told apart: past the policies, for a server asks it before it serves.
create function kanban.has_tokens() returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return exists (select from kanban.tokens
                   where revoked_at is null and (expires_at is null or expires_at > clock_timestamp()));
end $$;
