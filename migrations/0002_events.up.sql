-- What every mutation shares: how it refuses, how a card reads as JSON, and the event that it appends.

-- A refusal is an exception, so a refused mutation has changed nothing. The code is stable; the detail is data for the
-- caller's sentence.
create function kanban.refuse(p_code text, p_detail jsonb default '{}') returns void
    language plpgsql as $$
begin
    raise exception using errcode = 'KANBN', message = p_code, detail = p_detail::text;
end $$;

-- Someone else changed what this mutation had read before its locks: the caller starts it again.
create function kanban.try_again() returns void
    language plpgsql as $$
begin
    raise exception using errcode = 'serialization_failure', message = 'changed while waiting for a lock';
end $$;

-- These functions are PL/pgSQL, which keeps their plans: one in SQL that is not inlined is planned anew by each caller.

-- Who works on a card, if anybody does.
create function kanban.claim_doc(c kanban.cards) returns jsonb
    language plpgsql stable parallel safe as $$
begin
    return case when c.claim_agent is not null then jsonb_build_object(
        'agent_id', c.claim_agent, 'epoch', c.claim_epoch, 'until', kanban.rfc3339(c.lease_until)) end;
end $$;

-- Where a card stands, who holds it, and when it came to that: what a move or a claim changes of it.
create function kanban.card_state(c kanban.cards) returns jsonb
    language plpgsql stable parallel safe as $$
begin
    return jsonb_build_object(
        'version', c.version, 'board_id', c.board_id, 'column_id', c.column_id, 'status', c.status,
        'started_at', kanban.rfc3339(c.started_at), 'finished_at', kanban.rfc3339(c.finished_at),
        'column_since', kanban.rfc3339(c.column_since),
        'claim', kanban.claim_doc(c),
        'updated_at', kanban.rfc3339(c.updated_at), 'deleted_at', kanban.rfc3339(c.deleted_at));
end $$;

-- What differs between two such states, before and after. Two whole documents, compared member by member, would cost more
-- than what they tell of.
create function kanban.state_edits(o kanban.cards, n kanban.cards) returns jsonb
    language plpgsql stable as $$
declare
    v_before jsonb := '{}';
    v_after  jsonb := '{}';
begin
    if o.version <> n.version then
        v_before := v_before || jsonb_build_object('version', o.version);
        v_after := v_after || jsonb_build_object('version', n.version);
    end if;
    if o.board_id <> n.board_id then
        v_before := v_before || jsonb_build_object('board_id', o.board_id);
        v_after := v_after || jsonb_build_object('board_id', n.board_id);
    end if;
    if o.column_id <> n.column_id then
        v_before := v_before || jsonb_build_object('column_id', o.column_id);
        v_after := v_after || jsonb_build_object('column_id', n.column_id);
    end if;
    if o.status <> n.status then
        v_before := v_before || jsonb_build_object('status', o.status);
        v_after := v_after || jsonb_build_object('status', n.status);
    end if;
    if o.started_at is distinct from n.started_at then
        v_before := v_before || jsonb_build_object('started_at', kanban.rfc3339(o.started_at));
        v_after := v_after || jsonb_build_object('started_at', kanban.rfc3339(n.started_at));
    end if;
    if o.finished_at is distinct from n.finished_at then
        v_before := v_before || jsonb_build_object('finished_at', kanban.rfc3339(o.finished_at));
        v_after := v_after || jsonb_build_object('finished_at', kanban.rfc3339(n.finished_at));
    end if;
    if o.column_since <> n.column_since then
        v_before := v_before || jsonb_build_object('column_since', kanban.rfc3339(o.column_since));
        v_after := v_after || jsonb_build_object('column_since', kanban.rfc3339(n.column_since));
    end if;
    if (o.claim_agent is not null or n.claim_agent is not null)
       and (o.claim_agent, o.claim_epoch, o.lease_until) is distinct from (n.claim_agent, n.claim_epoch, n.lease_until) then
        v_before := v_before || jsonb_build_object('claim', kanban.claim_doc(o));
        v_after := v_after || jsonb_build_object('claim', kanban.claim_doc(n));
    end if;
    if o.updated_at <> n.updated_at then
        v_before := v_before || jsonb_build_object('updated_at', kanban.rfc3339(o.updated_at));
        v_after := v_after || jsonb_build_object('updated_at', kanban.rfc3339(n.updated_at));
    end if;
    if o.deleted_at is distinct from n.deleted_at then
        v_before := v_before || jsonb_build_object('deleted_at', kanban.rfc3339(o.deleted_at));
        v_after := v_after || jsonb_build_object('deleted_at', kanban.rfc3339(n.deleted_at));
    end if;
    return jsonb_build_object('before', v_before, 'after', v_after);
end $$;

-- A card as the API shows it. Ids stay in the database's own form here.
create function kanban.card_doc(c kanban.cards) returns jsonb
    language plpgsql stable parallel safe as $$
begin
    return kanban.card_state(c) || jsonb_build_object(
        'id', c.id, 'key', c.key, 'external_id', c.external_id,
        'title', c.title, 'description', c.description, 'labels', c.labels, 'assignees', c.assignees,
        'priority', (array['critical', 'high', 'medium', 'low', 'lowest'])[c.priority + 1],
        'due_at', kanban.rfc3339(c.due_at), 'fields', c.fields, 'links', c.links,
        'agent_context', c.agent_context, 'workflow_state', c.workflow_state,
        'created_by', jsonb_build_object('kind', c.created_by_kind, 'id', c.created_by_id),
        'created_at', kanban.rfc3339(c.created_at));
end $$;

create function kanban.column_doc(c kanban.columns) returns jsonb
    language plpgsql stable parallel safe as $$
begin
    return jsonb_build_object(
        'id', c.id, 'board_id', c.board_id, 'version', c.version, 'name', c.name, 'kind', c.kind,
        'wip_limit', c.wip_limit, 'metadata', c.metadata, 'created_at', kanban.rfc3339(c.created_at),
        'updated_at', kanban.rfc3339(c.updated_at), 'deleted_at', kanban.rfc3339(c.deleted_at));
end $$;

create function kanban.board_doc(b kanban.boards) returns jsonb
    language plpgsql stable parallel safe as $$
begin
    return jsonb_build_object(
        'id', b.id, 'workspace_id', b.workspace_id, 'version', b.version, 'key', b.key, 'name', b.name,
        'description', b.description, 'template', b.template, 'metadata', b.metadata, 'time_zone', b.time_zone,
        'archived_at', kanban.rfc3339(b.archived_at), 'created_at', kanban.rfc3339(b.created_at),
        'updated_at', kanban.rfc3339(b.updated_at), 'deleted_at', kanban.rfc3339(b.deleted_at));
end $$;

create function kanban.workspace_doc(w kanban.workspaces) returns jsonb
    language sql stable parallel safe
    return jsonb_build_object(
        'id', w.id, 'version', w.version, 'name', w.name, 'description', w.description, 'metadata', w.metadata,
        'created_at', kanban.rfc3339(w.created_at), 'updated_at', kanban.rfc3339(w.updated_at),
        'deleted_at', kanban.rfc3339(w.deleted_at));

create function kanban.dependency_doc(d kanban.dependencies) returns jsonb
    language sql stable parallel safe
    return jsonb_build_object(
        'id', d.id, 'type', d.type, 'from_card_id', d.from_card, 'to_card_id', d.to_card,
        'created_by', jsonb_build_object('kind', d.created_by_kind, 'id', d.created_by_id),
        'created_at', kanban.rfc3339(d.created_at));

create function kanban.comment_doc(c kanban.comments) returns jsonb
    language plpgsql stable parallel safe as $$
begin
    return jsonb_build_object(
        'id', c.id, 'card_id', c.card_id, 'version', c.version,
        'author', jsonb_build_object('kind', c.author_kind, 'id', c.author_id),
        'body', c.body, 'metadata', c.metadata, 'created_at', kanban.rfc3339(c.created_at),
        'updated_at', kanban.rfc3339(c.updated_at), 'deleted_at', kanban.rfc3339(c.deleted_at));
end $$;

-- Before and after, reduced to what differs: in its text, for 1 and 1.0 are equal but not the same.
create function kanban.changes(p_old jsonb, p_new jsonb) returns jsonb
    language plpgsql immutable parallel safe as $$
begin
    return (select jsonb_build_object('before', coalesce(jsonb_object_agg(n.key, p_old -> n.key), '{}'),
                                      'after', coalesce(jsonb_object_agg(n.key, n.value), '{}'))
            from jsonb_each(p_new) as n
            where (p_old -> n.key)::text is distinct from n.value::text);
end $$;

-- Refuses where a board is gone or archived.
create function kanban.require_open(b kanban.boards) returns void
    language plpgsql as $$
begin
    if b.key is null or b.deleted_at is not null then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'board'));
    elsif b.archived_at is not null then
        perform kanban.refuse('board_archived', jsonb_build_object('board', b.key));
    end if;
end $$;

-- Refuses where the token that the actor came with is revoked or expired. Whoever revokes a token waits for those who have
-- passed here and lets in nobody else: so no write with it commits after its revocation. Who looks after tenants comes
-- with a token of another one, which is past the policies.
create function kanban.require_token(p_tenant text, p_actor jsonb) returns void
    language plpgsql as $$
declare
    v_token  uuid := (p_actor ->> 'token_id')::uuid;
    v_stands boolean;
begin
    if v_token is null then
        return;
    end if;
    perform pg_advisory_xact_lock_shared(hashtextextended('kanban.token/' || v_token, 0));
    if p_actor ? 'token_tenant' then
        v_stands := kanban.is_in_force(p_actor ->> 'token_tenant', v_token);
    else
        v_stands := exists (
            select from kanban.tokens
            where tenant_id = p_tenant and id = v_token and revoked_at is null
              and (expires_at is null or expires_at > clock_timestamp()));
    end if;
    if not v_stands then
        perform kanban.refuse('token_over');
    end if;
end $$;

-- The same, and where the tenant is suspended: whoever writes much asks once, ahead.
create function kanban.require_leave(p_tenant text, p_actor jsonb) returns void
    language plpgsql as $$
begin
    perform kanban.require_token(p_tenant, p_actor);
    perform 1 from kanban.tenants where id = p_tenant and suspended_at is null;
    if not found then
        perform kanban.refuse('tenant_suspended', jsonb_build_object('tenant', p_tenant));
    end if;
end $$;

-- The number of a board's next event; those of p_many follow it. The board's row stays locked to the end of the
-- transaction, so numbers are given in commit order and an aborted mutation leaves no hole. Called last: it is the end of
-- the lock order. What belongs to a board in use is refused where the board is gone or archived, which nobody can make it
-- from here on.
create function kanban.next_event(p_tenant text, p_board uuid, p_is_open boolean, p_many integer default 1) returns bigint
    language plpgsql as $$
declare
    v_board kanban.boards;
begin
    update kanban.boards set seq = seq + p_many where tenant_id = p_tenant and id = p_board
    returning seq, key, archived_at, deleted_at into v_board.seq, v_board.key, v_board.archived_at, v_board.deleted_at;
    if p_is_open then
        perform kanban.require_open(v_board);
    end if;
    return v_board.seq - p_many + 1;
end $$;

-- Writes one event. Every mutation passes here, and is refused where its token or its tenant may not write any more.
create function kanban.write_event(
    p_tenant text, p_stream uuid, p_seq bigint, p_entity_type text, p_entity uuid, p_action text, p_actor jsonb,
    p_at timestamptz, p_payload jsonb) returns void
    language plpgsql as $$
begin
    perform kanban.require_token(p_tenant, p_actor);
    insert into kanban.events (tenant_id, stream, seq, at, entity_type, entity_id, action, actor_kind, actor_id, run_id,
                               agent_context, request_id, token_id, payload)
    select t.id, p_stream, p_seq, p_at, p_entity_type, p_entity, p_action, p_actor ->> 'kind', p_actor ->> 'id',
        p_actor ->> 'run_id', nullif(p_actor -> 'context', 'null'), p_actor ->> 'request_id',
        (p_actor ->> 'token_id')::uuid, p_payload
    from kanban.tenants as t where t.id = p_tenant and t.suspended_at is null;
    if not found then
        perform kanban.refuse('tenant_suspended', jsonb_build_object('tenant', p_tenant));
    end if;
end $$;

-- The same event of several things, each with its actor, moment and payload, under the numbers from p_seq on.
create function kanban.write_events(
    p_tenant text, p_stream uuid, p_seq bigint, p_entity_type text, p_entities uuid[], p_action text, p_actors jsonb[],
    p_ats timestamptz[], p_payloads jsonb[]) returns void
    language plpgsql as $$
declare
    v_actor jsonb;
begin
    foreach v_actor in array p_actors loop
        perform kanban.require_token(p_tenant, v_actor);
    end loop;
    insert into kanban.events (tenant_id, stream, seq, at, entity_type, entity_id, action, actor_kind, actor_id, run_id,
                               agent_context, request_id, token_id, payload)
    select t.id, p_stream, p_seq + e.place - 1, e.at, p_entity_type, e.entity, p_action, e.actor ->> 'kind',
        e.actor ->> 'id', e.actor ->> 'run_id', nullif(e.actor -> 'context', 'null'), e.actor ->> 'request_id',
        (e.actor ->> 'token_id')::uuid, e.payload
    from kanban.tenants as t
    cross join unnest(p_entities, p_actors, p_ats, p_payloads) with ordinality as e (entity, actor, at, payload, place)
    where t.id = p_tenant and t.suspended_at is null;
    if not found then
        perform kanban.refuse('tenant_suspended', jsonb_build_object('tenant', p_tenant));
    end if;
end $$;

-- Appends one event to a board's stream.
create function kanban.append_event(
    p_tenant text, p_board uuid, p_entity_type text, p_entity uuid, p_action text, p_actor jsonb, p_at timestamptz,
    p_payload jsonb, p_is_open boolean default false) returns void
    language plpgsql as $$
begin
    perform kanban.write_event(p_tenant, p_board, kanban.next_event(p_tenant, p_board, p_is_open), p_entity_type, p_entity,
                               p_action, p_actor, p_at, p_payload);
end $$;

-- The same for what belongs to no board: the tenant's own stream.
create function kanban.append_tenant_event(
    p_tenant text, p_entity_type text, p_entity uuid, p_action text, p_actor jsonb, p_at timestamptz, p_payload jsonb)
    returns void
    language plpgsql as $$
declare
    v_seq bigint;
begin
    update kanban.tenants set seq = seq + 1 where id = p_tenant returning seq into v_seq;
    perform kanban.write_event(p_tenant, '00000000-0000-0000-0000-000000000000', v_seq, p_entity_type, p_entity, p_action,
                               p_actor, p_at, p_payload);
end $$;

-- A card by its id, or by its key where there is none. Called ahead of the statement that looks for it: behind row-level
-- security a condition with coalesce() reads no index.
create function kanban.card_id(p_tenant text, p_id uuid, p_key text) returns uuid
    language plpgsql stable as $$
begin
    if p_id is not null or p_key is null then
        return p_id;
    end if;
    return (select id from kanban.cards where tenant_id = p_tenant and key = p_key);
end $$;

-- The same for a board.
create function kanban.board_id(p_tenant text, p_id uuid, p_key text) returns uuid
    language plpgsql stable as $$
begin
    if p_id is not null or p_key is null then
        return p_id;
    end if;
    return (select id from kanban.boards where tenant_id = p_tenant and key = p_key);
end $$;

-- JSON merge patch (RFC 7396): null removes a member, objects merge, anything else replaces.
create function kanban.merge_patch(p_target jsonb, p_patch jsonb) returns jsonb
    language plpgsql immutable as $$
declare
    v_key    text;
    v_value  jsonb;
    v_result jsonb;
begin
    if jsonb_typeof(p_patch) <> 'object' then
        return p_patch;
    end if;
    v_result := case when jsonb_typeof(p_target) = 'object' then p_target else '{}' end;
    for v_key, v_value in select key, value from jsonb_each(p_patch) loop
        if v_value = 'null' then
            v_result := v_result - v_key;
        else
            v_result := v_result || jsonb_build_object(v_key, kanban.merge_patch(v_result -> v_key, v_value));
        end if;
    end loop;
    return v_result;
end $$;

create function kanban.text_array(p_value jsonb) returns text[]
    language sql immutable parallel safe
    return array(select jsonb_array_elements_text(p_value));
