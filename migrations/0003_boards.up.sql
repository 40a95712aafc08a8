-- Workspaces, boards and columns.

create function kanban.create_workspace(
    p_tenant text, p_actor jsonb, p_id uuid, p_name text, p_description text, p_metadata jsonb)
    returns kanban.workspaces
    language plpgsql as $$
declare
    v_now timestamptz := clock_timestamp();
    v_row kanban.workspaces;
begin
    insert into kanban.workspaces (tenant_id, id, name, description, metadata, created_at, updated_at)
    values (p_tenant, p_id, p_name, p_description, p_metadata, v_now, v_now)
    returning * into v_row;
    perform kanban.append_tenant_event(p_tenant, 'workspace', p_id, 'workspace.created', p_actor, v_now,
                                       jsonb_build_object('after', kanban.workspace_doc(v_row)));
    return v_row;
end $$;

-- p_patch holds the members to change: name, description, metadata (merged). With p_delete the workspace goes instead.
create function kanban.update_workspace(
    p_tenant text, p_actor jsonb, p_id uuid, p_version bigint, p_patch jsonb, p_delete boolean)
    returns kanban.workspaces
    language plpgsql as $$
declare
    v_now    timestamptz;
    v_boards bigint;
    v_old    kanban.workspaces;
    v_new    kanban.workspaces;
begin
    -- boards that come in hold a share of this lock
    select * into v_old from kanban.workspaces
    where tenant_id = p_tenant and id = p_id and deleted_at is null for no key update;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'workspace'));
    elsif v_old.version <> p_version then
        perform kanban.refuse('version_conflict', jsonb_build_object('actual', v_old.version));
    end if;
    v_now := clock_timestamp();
    v_new := v_old;
    if p_delete then
        select count(*) into v_boards from kanban.boards
        where tenant_id = p_tenant and workspace_id = p_id and deleted_at is null;
        if v_boards > 0 then
            perform kanban.refuse('workspace_not_empty', jsonb_build_object(
                'workspace', v_old.name, 'boards', v_boards));
        end if;
        v_new.deleted_at := v_now;
    end if;
    if p_patch ? 'name' then v_new.name := p_patch ->> 'name'; end if;
    if p_patch ? 'description' then v_new.description := p_patch ->> 'description'; end if;
    if p_patch ? 'metadata' then v_new.metadata := kanban.merge_patch(v_old.metadata, p_patch -> 'metadata'); end if;
    if v_new *= v_old then
        return v_old;
    end if;
    v_new.version := v_old.version + 1;
    v_new.updated_at := v_now;
    update kanban.workspaces
    set version = v_new.version, name = v_new.name, description = v_new.description, metadata = v_new.metadata,
        updated_at = v_new.updated_at, deleted_at = v_new.deleted_at
    where tenant_id = p_tenant and id = p_id;
    perform kanban.append_tenant_event(
        p_tenant, 'workspace', p_id, case when p_delete then 'workspace.deleted' else 'workspace.updated' end, p_actor,
        v_now, kanban.changes(kanban.workspace_doc(v_old), kanban.workspace_doc(v_new)));
    return v_new;
end $$;

-- Keeps a workspace there until a board is in it. It comes before every other lock.
create function kanban.hold_workspace(p_tenant text, p_id uuid) returns void
    language plpgsql as $$
begin
    perform 1 from kanban.workspaces where tenant_id = p_tenant and id = p_id and deleted_at is null for share;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'workspace'));
    end if;
end $$;

-- The board's structure is locked by its columns, in the order of their ids: whoever holds them sees and changes where
-- cards are without anybody in between.
create function kanban.lock_columns(p_tenant text, p_boards uuid[]) returns void
    language plpgsql as $$
begin
    perform 1 from kanban.columns where tenant_id = p_tenant and board_id = any (p_boards) and deleted_at is null
    order by id for no key update;
end $$;

-- Serialises what changes the graph of dependencies of a tenant: new links and the archiving of whole boards. Only the
-- lock of a workspace comes before it.
create function kanban.lock_dependency_graph(p_tenant text) returns void
    language plpgsql as $$
begin
    perform 1 from kanban.tenants where id = p_tenant for no key update;
end $$;

-- Refuses where the board is gone or archived. Called under a lock of one of its columns.
create function kanban.require_open_board(p_tenant text, p_board uuid) returns void
    language plpgsql as $$
declare
    v_board kanban.boards;
begin
    select key, archived_at, deleted_at into v_board.key, v_board.archived_at, v_board.deleted_at from kanban.boards
    where tenant_id = p_tenant and id = p_board;
    perform kanban.require_open(v_board);
end $$;

-- A position key between two neighbours, either of which may be missing; null where there is no room. p_last is the key
-- given out last: a run of inserts at one spot uses a gap up in as many steps as it has bits if each halves it, so one
-- that goes on there stays close to it and leaves the room where the next of the run will want it.
create function kanban.key_between(p_low bigint, p_high bigint, p_last bigint) returns bigint
    language sql immutable parallel safe
    return case
        when p_low is null and p_high is null then 2305843009213693952
        when p_low is null then p_high - 4294967296
        when p_high is null then p_low + 4294967296
        when p_high - p_low < 2 then null
        when p_low = p_last then p_low + greatest(1, (p_high - p_low) / 1024)
        when p_high = p_last then p_high - greatest(1, (p_high - p_low) / 1024)
        else p_low + (p_high - p_low) / 2 end;

-- Zero-based place of a column on its board.
create function kanban.column_place(c kanban.columns) returns bigint
    language sql volatile
    return (select count(*) from kanban.columns as o
            where o.tenant_id = c.tenant_id and o.board_id = c.board_id and o.deleted_at is null
              and o.position < c.position);

create function kanban.column_before(p_tenant text, p_board uuid, p_key bigint) returns uuid
    language sql stable
    return (select id from kanban.columns
            where tenant_id = p_tenant and board_id = p_board and deleted_at is null and position < p_key
            order by position desc limit 1);

create function kanban.insert_column(
    p_tenant text, p_actor jsonb, p_board uuid, p_id uuid, p_name text, p_kind text, p_wip_limit integer,
    p_metadata jsonb, p_now timestamptz) returns kanban.columns
    language plpgsql as $$
declare
    c_most  constant bigint := 100;
    v_last  bigint;
    v_count bigint;
    v_row   kanban.columns;
begin
    select max(position), count(*) into v_last, v_count from kanban.columns
    where tenant_id = p_tenant and board_id = p_board and deleted_at is null;
    -- whatever locks or shows a board takes all its columns
    if v_count >= c_most then
        perform kanban.refuse('too_many_columns', jsonb_build_object('limit', c_most));
    end if;
    insert into kanban.columns (tenant_id, id, board_id, name, kind, position, wip_limit, metadata, created_at, updated_at)
    values (p_tenant, p_id, p_board, p_name, p_kind, kanban.key_between(v_last, null, null), p_wip_limit, p_metadata,
            p_now, p_now)
    returning * into v_row;
    perform kanban.append_event(
        p_tenant, p_board, 'column', p_id, 'column.created', p_actor, p_now, jsonb_build_object(
            'after', kanban.column_doc(v_row),
            'after_column_id', kanban.column_before(p_tenant, p_board, v_row.position)));
    return v_row;
end $$;

-- p_columns: [{"id", "name", "kind", "wip_limit"}, …] in order.
create function kanban.create_board(
    p_tenant text, p_actor jsonb, p_id uuid, p_workspace uuid, p_key text, p_name text, p_description text,
    p_template text, p_metadata jsonb, p_time_zone text, p_columns jsonb) returns kanban.boards
    language plpgsql as $$
declare
    v_now timestamptz := clock_timestamp();
    v_row kanban.boards;
begin
    perform kanban.hold_workspace(p_tenant, p_workspace);
    if p_time_zone <> 'UTC' and not exists (select from pg_timezone_names where name = p_time_zone) then
        perform kanban.refuse('unknown_time_zone');
    end if;
    insert into kanban.boards (tenant_id, id, workspace_id, key, name, description, template, metadata, time_zone,
                               created_at, updated_at)
    values (p_tenant, p_id, p_workspace, p_key, p_name, p_description, p_template, p_metadata, p_time_zone, v_now, v_now)
    returning * into v_row;
    perform kanban.append_event(p_tenant, p_id, 'board', p_id, 'board.created', p_actor, v_now,
                                jsonb_build_object('after', kanban.board_doc(v_row)));
    perform kanban.insert_column(p_tenant, p_actor, p_id, c.id, c.name, c.kind, c.wip_limit, '{}', v_now)
    from jsonb_to_recordset(p_columns) as c (id uuid, name text, kind text, wip_limit integer);
    select * into v_row from kanban.boards where tenant_id = p_tenant and id = p_id;
    return v_row;
end $$;

-- Counts the dependents of a board's unfinished cards up or down, as the board comes back or goes.
create function kanban.count_board_as_blocker(p_tenant text, p_board uuid, p_delta integer, p_now timestamptz) returns void
    language plpgsql as $$
begin
    perform 1 from kanban.cards
    where tenant_id = p_tenant and id = any (array(
        select d.to_card
        from kanban.cards as c join kanban.dependencies as d on d.tenant_id = c.tenant_id and d.from_card = c.id
        where c.tenant_id = p_tenant and c.board_id = p_board and c.deleted_at is null and c.finished_at is null
          and d.type = 'blocks'))
    order by id for no key update;
    update kanban.cards as t
    set open_blockers = t.open_blockers + p_delta * n.links,
        ready_at = case when t.open_blockers + p_delta * n.links = 0 then p_now else t.ready_at end
    from (select d.to_card, count(*)::integer as links
          from kanban.cards as c join kanban.dependencies as d on d.tenant_id = c.tenant_id and d.from_card = c.id
          where c.tenant_id = p_tenant and c.board_id = p_board and c.deleted_at is null and c.finished_at is null
            and d.type = 'blocks' and d.tenant_id = p_tenant
          group by d.to_card) as n
    where t.tenant_id = p_tenant and t.id = n.to_card;
end $$;

-- p_patch holds the members to change: name, description, metadata (merged), time_zone, archived. p_workspace is where the
-- board moves, if it does. With p_delete the board goes instead.
create function kanban.update_board(
    p_tenant text, p_actor jsonb, p_id uuid, p_key text, p_version bigint, p_workspace uuid, p_patch jsonb,
    p_delete boolean) returns kanban.boards
    language plpgsql as $$
declare
    v_now timestamptz;
    v_id  uuid := kanban.board_id(p_tenant, p_id, p_key);
    v_old kanban.boards;
    v_new kanban.boards;
begin
    if p_workspace is not null then
        perform kanban.hold_workspace(p_tenant, p_workspace);
    end if;
    if p_delete or p_patch ? 'archived' then
        perform kanban.lock_dependency_graph(p_tenant);
        perform kanban.lock_columns(p_tenant, array[v_id]);
    end if;
    select * into v_old from kanban.boards
    where tenant_id = p_tenant and id = v_id and deleted_at is null for no key update;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'board'));
    elsif v_old.version <> p_version then
        perform kanban.refuse('version_conflict', jsonb_build_object('actual', v_old.version, 'board_id', v_id));
    end if;
    v_now := clock_timestamp();
    v_new := v_old;
    if p_delete then
        v_new.deleted_at := v_now;
    end if;
    v_new.workspace_id := coalesce(p_workspace, v_old.workspace_id);
    if p_patch ? 'name' then v_new.name := p_patch ->> 'name'; end if;
    if p_patch ? 'description' then v_new.description := p_patch ->> 'description'; end if;
    if p_patch ? 'metadata' then v_new.metadata := kanban.merge_patch(v_old.metadata, p_patch -> 'metadata'); end if;
    if p_patch ? 'time_zone' then
        v_new.time_zone := p_patch ->> 'time_zone';
        if v_new.time_zone <> 'UTC' and not exists (select from pg_timezone_names where name = v_new.time_zone) then
            perform kanban.refuse('unknown_time_zone');
        end if;
    end if;
    if p_patch ? 'archived' then
        v_new.archived_at := case when (p_patch ->> 'archived')::boolean then coalesce(v_old.archived_at, v_now) end;
    end if;
    if v_new *= v_old then
        return v_old;
    end if;
    -- cards of a board that is archived or deleted hold nothing back
    if (v_old.archived_at is null) <> (v_new.archived_at is null and v_new.deleted_at is null) then
        if v_old.archived_at is null then
            perform kanban.count_board_as_blocker(p_tenant, v_id, -1, v_now);
        elsif v_new.deleted_at is null then
            perform kanban.count_board_as_blocker(p_tenant, v_id, 1, v_now);
        end if;
    end if;
    v_new.version := v_old.version + 1;
    v_new.updated_at := v_now;
    update kanban.boards
    set version = v_new.version, workspace_id = v_new.workspace_id, name = v_new.name, description = v_new.description,
        metadata = v_new.metadata, time_zone = v_new.time_zone, archived_at = v_new.archived_at, updated_at = v_new.updated_at,
        deleted_at = v_new.deleted_at
    where tenant_id = p_tenant and id = v_id;
    perform kanban.append_event(p_tenant, v_id, 'board', v_id,
                                case when p_delete then 'board.deleted' else 'board.updated' end, p_actor, v_now,
                                kanban.changes(kanban.board_doc(v_old), kanban.board_doc(v_new)));
    select * into v_new from kanban.boards where tenant_id = p_tenant and id = v_id;
    return v_new;
end $$;

create function kanban.create_column(
    p_tenant text, p_actor jsonb, p_board uuid, p_board_key text, p_id uuid, p_name text, p_kind text,
    p_wip_limit integer, p_metadata jsonb) returns kanban.columns
    language plpgsql as $$
declare
    v_board uuid := kanban.board_id(p_tenant, p_board, p_board_key);
begin
    perform kanban.lock_columns(p_tenant, array[v_board]);
    -- a board without columns has no row to wait on: its own row stands in
    perform 1 from kanban.boards where tenant_id = p_tenant and id = v_board for no key update;
    perform kanban.require_open_board(p_tenant, v_board);
    return kanban.insert_column(p_tenant, p_actor, v_board, p_id, p_name, p_kind, p_wip_limit, p_metadata,
                                clock_timestamp());
end $$;

-- p_patch: name, kind (only while the column is empty), wip_limit (null: none), metadata (merged).
create function kanban.update_column(p_tenant text, p_actor jsonb, p_id uuid, p_version bigint, p_patch jsonb)
    returns kanban.columns
    language plpgsql as $$
declare
    v_now timestamptz;
    v_old kanban.columns;
    v_new kanban.columns;
begin
    select * into v_old from kanban.columns
    where tenant_id = p_tenant and id = p_id and deleted_at is null for no key update;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'column'));
    end if;
    perform kanban.require_open_board(p_tenant, v_old.board_id);
    if v_old.version <> p_version then
        perform kanban.refuse('version_conflict', jsonb_build_object(
            'actual', v_old.version, 'board_id', v_old.board_id));
    end if;
    v_new := v_old;
    if p_patch ? 'name' then v_new.name := p_patch ->> 'name'; end if;
    if p_patch ? 'wip_limit' then v_new.wip_limit := (p_patch ->> 'wip_limit')::integer; end if;
    if p_patch ? 'metadata' then v_new.metadata := kanban.merge_patch(v_old.metadata, p_patch -> 'metadata'); end if;
    if p_patch ? 'kind' then v_new.kind := p_patch ->> 'kind'; end if;
    if v_new.kind <> v_old.kind and v_old.cards > 0 then
        perform kanban.refuse('column_not_empty', jsonb_build_object('column', v_old.name, 'cards', v_old.cards));
    end if;
    if v_new *= v_old then
        return v_old;
    end if;
    v_now := clock_timestamp();
    v_new.version := v_old.version + 1;
    v_new.updated_at := v_now;
    update kanban.columns
    set version = v_new.version, name = v_new.name, kind = v_new.kind, wip_limit = v_new.wip_limit,
        metadata = v_new.metadata, updated_at = v_now
    where tenant_id = p_tenant and id = p_id;
    perform kanban.append_event(p_tenant, v_old.board_id, 'column', p_id, 'column.updated', p_actor, v_now,
                                kanban.changes(kanban.column_doc(v_old), kanban.column_doc(v_new)));
    return v_new;
end $$;
