-- Undo: puts things back. Everything is locked, and each kanban.revert_… answers whether there was something to do.

create function kanban.revert_board(p_tenant text, p_actor jsonb, p_step kanban.undo_step) returns boolean
    language plpgsql as $$
declare
    v_id     constant uuid := p_step.entity_id;
    v_wanted constant jsonb := p_step.wanted;
    v_now    timestamptz := clock_timestamp();
    v_old    kanban.boards;
    v_new    kanban.boards;
begin
    select * into v_old from kanban.boards where tenant_id = p_tenant and id = v_id;
    v_new := v_old;
    if v_wanted ? 'workspace_id' then
        v_new.workspace_id := (v_wanted ->> 'workspace_id')::uuid;
        perform kanban.hold_workspace(p_tenant, v_new.workspace_id);
    end if;
    if v_wanted ? 'name' then v_new.name := v_wanted ->> 'name'; end if;
    if v_wanted ? 'description' then v_new.description := v_wanted ->> 'description'; end if;
    if v_wanted ? 'metadata' then v_new.metadata := v_wanted -> 'metadata'; end if;
    if v_wanted ? 'time_zone' then v_new.time_zone := v_wanted ->> 'time_zone'; end if;
    if v_wanted ? 'archived_at' then v_new.archived_at := (v_wanted ->> 'archived_at')::timestamptz; end if;
    if (v_old.archived_at is null) <> (v_new.archived_at is null) then
        perform kanban.count_board_as_blocker(p_tenant, v_id, case when v_new.archived_at is null then 1 else -1 end, v_now);
    end if;
    v_new.version := v_old.version + 1;
    v_new.updated_at := v_now;
    update kanban.boards
    set version = v_new.version, workspace_id = v_new.workspace_id, name = v_new.name, description = v_new.description,
        metadata = v_new.metadata, time_zone = v_new.time_zone, archived_at = v_new.archived_at, updated_at = v_now
    where tenant_id = p_tenant and id = v_id;
    perform kanban.append_event(p_tenant, v_id, 'board', v_id, 'board.reverted', p_actor, v_now,
                                kanban.changes(kanban.board_doc(v_old), kanban.board_doc(v_new))
                                    || jsonb_build_object('undo', p_step.undo));
    return true;
end $$;

create function kanban.revert_column(p_tenant text, p_actor jsonb, p_step kanban.undo_step) returns boolean
    language plpgsql as $$
declare
    c_most      constant bigint := 100;
    v_id        constant uuid := p_step.entity_id;
    v_wanted    constant jsonb := p_step.wanted;
    v_is_placed boolean := p_step.is_placed;
    v_now       timestamptz := clock_timestamp();
    v_old       kanban.columns;
    v_new       kanban.columns;
    v_was       uuid;
    v_place     jsonb := '{}';
begin
    select * into v_old from kanban.columns where tenant_id = p_tenant and id = v_id;
    v_new := v_old;
    if v_wanted ? 'name' then v_new.name := v_wanted ->> 'name'; end if;
    if v_wanted ? 'kind' then v_new.kind := v_wanted ->> 'kind'; end if;
    if v_wanted ? 'wip_limit' then v_new.wip_limit := (v_wanted ->> 'wip_limit')::integer; end if;
    if v_wanted ? 'metadata' then v_new.metadata := v_wanted -> 'metadata'; end if;
    if v_wanted ? 'deleted_at' then
        v_new.deleted_at := case when (v_wanted ->> 'deleted_at')::boolean then v_now end;
    end if;
    if v_old.cards > 0 and (v_new.kind <> v_old.kind or v_new.deleted_at is not null) then
        perform kanban.refuse('column_not_empty', jsonb_build_object('column', v_old.name, 'cards', v_old.cards));
    elsif v_old.deleted_at is not null and v_new.deleted_at is null and c_most <= (
        select count(*) from kanban.columns
        where tenant_id = p_tenant and board_id = v_old.board_id and deleted_at is null) then
        perform kanban.refuse('too_many_columns', jsonb_build_object('limit', c_most));
    end if;
    v_was := kanban.column_before(p_tenant, v_old.board_id, v_old.position);
    if v_is_placed and v_old.deleted_at is null and v_was is not distinct from p_step.behind then
        v_is_placed := false;
    end if;
    if v_is_placed then
        v_new.position := kanban.column_key(
            p_tenant, v_old.board_id, v_id, p_step.behind, null, case when p_step.behind is null then 0 end);
        v_place := case when v_old.deleted_at is null
                        then jsonb_build_object('was_after_column_id', v_was) else '{}' end;
    elsif v_wanted = '{}' then
        return false;
    elsif v_new.deleted_at is not null then
        v_place := jsonb_build_object('was_after_column_id', v_was);
    end if;
    v_new.version := v_old.version + 1;
    v_new.updated_at := v_now;
    update kanban.columns
    set version = v_new.version, name = v_new.name, kind = v_new.kind, wip_limit = v_new.wip_limit,
        metadata = v_new.metadata, position = case when v_is_placed then v_new.position else position end,
        updated_at = v_now, deleted_at = v_new.deleted_at
    where tenant_id = p_tenant and id = v_id;
    if v_is_placed then
        v_place := v_place || jsonb_build_object('after_column_id', p_step.behind);
    end if;
    perform kanban.append_event(
        p_tenant, v_old.board_id, 'column', v_id, 'column.reverted', p_actor, v_now,
        kanban.changes(kanban.column_doc(v_old), kanban.column_doc(v_new)) || v_place
            || jsonb_build_object('undo', p_step.undo));
    return true;
end $$;

create function kanban.revert_card(p_tenant text, p_actor jsonb, p_step kanban.undo_step) returns boolean
    language plpgsql as $$
declare
    v_wanted constant jsonb := p_step.wanted;
    v_now    timestamptz;
    v_to     kanban.columns;
    v_old    kanban.cards;
    v_new    kanban.cards;
    v_was    uuid;
    v_key    bigint;
    v_place  jsonb := '{}';
begin
    select * into v_to from kanban.columns where tenant_id = p_tenant and id = p_step.column_id;
    select * into v_old from kanban.cards where tenant_id = p_tenant and id = p_step.entity_id;
    v_was := kanban.card_before(p_tenant, v_old.column_id, v_old.position);
    v_key := v_old.position;
    if p_step.is_placed and (v_old.deleted_at is not null or v_old.column_id <> v_to.id
                             or v_was is distinct from p_step.behind) then
        v_key := kanban.place_key(
            p_tenant, v_to, v_old.id, p_step.behind, null, case when p_step.behind is null then 0 end);
        -- finding the place may have spread the column out
        select position into v_old.position from kanban.cards where tenant_id = p_tenant and id = v_old.id;
    end if;
    v_now := greatest(clock_timestamp(), v_old.column_since);
    v_new := v_old;
    if v_wanted ? 'title' then v_new.title := v_wanted ->> 'title'; end if;
    if v_wanted ? 'description' then v_new.description := v_wanted ->> 'description'; end if;
    if v_wanted ? 'external_id' then v_new.external_id := v_wanted ->> 'external_id'; end if;
    if v_wanted ? 'labels' then v_new.labels := kanban.text_array(v_wanted -> 'labels'); end if;
    if v_wanted ? 'assignees' then v_new.assignees := kanban.text_array(v_wanted -> 'assignees'); end if;
    if v_wanted ? 'priority' then
        v_new.priority := array_position(array['critical', 'high', 'medium', 'low', 'lowest'], v_wanted ->> 'priority') - 1;
    end if;
    if v_wanted ? 'due_at' then v_new.due_at := (v_wanted ->> 'due_at')::timestamptz; end if;
    if v_wanted ? 'links' then v_new.links := v_wanted -> 'links'; end if;
    if v_wanted ? 'fields' then v_new.fields := v_wanted -> 'fields'; end if;
    if v_wanted ? 'agent_context' then v_new.agent_context := v_wanted -> 'agent_context'; end if;
    if v_wanted ? 'workflow_state' then v_new.workflow_state := v_wanted -> 'workflow_state'; end if;
    if v_wanted ? 'deleted_at' then
        v_new.deleted_at := case when (v_wanted ->> 'deleted_at')::boolean then v_now end;
    end if;
    if p_step.releases or v_new.deleted_at is not null then
        v_new := kanban.without_claim(v_new);
    end if;
    if p_step.releases then
        v_new.ready_at := v_now;
        -- as what is released: claimable at once where it is in progress
        v_new.lease_until := case when v_to.kind = 'doing' and v_new.deleted_at is null then v_now end;
    elsif v_wanted = '{}' and v_key = v_old.position then
        return false;
    end if;
    if v_wanted - array['column_id', 'deleted_at'] <> '{}' then
        update kanban.cards
        set title = v_new.title, description = v_new.description, external_id = v_new.external_id, labels = v_new.labels,
            assignees = v_new.assignees, priority = v_new.priority, due_at = v_new.due_at, links = v_new.links,
            fields = v_new.fields, agent_context = v_new.agent_context, workflow_state = v_new.workflow_state
        where tenant_id = p_tenant and id = v_old.id;
        perform kanban.index_cards(p_tenant, array[v_old.id]);
    end if;
    if v_old.deleted_at is null and (v_key <> v_old.position or v_to.id <> v_old.column_id or v_new.deleted_at is not null) then
        v_place := jsonb_build_object('was_after_card_id', v_was);
    end if;
    v_new.position := v_key;
    v_new := (kanban.settle_cards(array[p_actor], array[v_old], array[v_new], array[v_to], array[v_now]))[1];
    if v_new.deleted_at is null and (v_key <> v_old.position or v_to.id <> v_old.column_id or v_old.deleted_at is not null) then
        v_place := v_place || jsonb_build_object('after_card_id', kanban.card_before(p_tenant, v_new.column_id, v_key));
    end if;
    perform kanban.append_card_events(
        array[p_actor], array[v_old], array[v_new], 'card.reverted', array[v_now],
        array[kanban.changes(kanban.card_doc(v_old), kanban.card_doc(v_new)) || v_place
              || jsonb_build_object('undo', p_step.undo)]);
    return true;
end $$;

-- A comment or an attachment.
create function kanban.revert_on_card(p_tenant text, p_actor jsonb, p_step kanban.undo_step) returns boolean
    language plpgsql as $$
declare
    v_type  constant text := p_step.entity_type;
    v_now   timestamptz := clock_timestamp();
    v_board uuid;
    v_old   jsonb;
    v_new   jsonb;
begin
    execute format('select kanban.%1$I_doc(t), c.board_id from kanban.%1$Is as t
                    join kanban.cards as c on c.tenant_id = $1 and c.id = t.card_id
                    where t.tenant_id = $1 and t.id = $2 for no key update of t', v_type)
    into v_old, v_board using p_tenant, p_step.entity_id;
    perform kanban.require_open_board(p_tenant, v_board);
    execute format('update kanban.%1$Is as t
                    set version = version + 1, updated_at = $3, deleted_at = case when $4 then $3 end
                    where tenant_id = $1 and id = $2 returning kanban.%1$I_doc(t)', v_type)
    into v_new using p_tenant, p_step.entity_id, v_now, (p_step.wanted ->> 'deleted_at')::boolean;
    perform kanban.append_event(
        p_tenant, v_board, v_type, p_step.entity_id,
        case v_type when 'comment' then 'comment.reverted' else 'attachment.reverted' end, p_actor, v_now,
        kanban.changes(v_old, v_new) || jsonb_build_object('undo', p_step.undo));
    return true;
end $$;

-- A link, which goes or comes back as it was.
create function kanban.revert_dependency(p_tenant text, p_actor jsonb, p_step kanban.undo_step) returns boolean
    language plpgsql as $$
declare
    v_doc  constant jsonb := p_step.link;
    v_now  timestamptz := clock_timestamp();
    v_link kanban.dependencies;
    v_from kanban.cards;
    v_to   kanban.cards;
    v_path text[];
begin
    if (p_step.wanted ->> 'deleted_at')::boolean then
        delete from kanban.dependencies where tenant_id = p_tenant and id = p_step.entity_id returning * into v_link;
        if v_link.type = 'blocks' and kanban.holds_back(p_tenant, v_link.from_card) then
            update kanban.cards
            set open_blockers = open_blockers - 1, ready_at = case when open_blockers = 1 then v_now else ready_at end
            where tenant_id = p_tenant and id = v_link.to_card;
        end if;
        perform kanban.append_dependency_event(p_tenant, p_actor, v_link, 'dependency.removed', v_now, jsonb_build_object(
            'before', kanban.dependency_doc(v_link), 'undo', p_step.undo));
        return true;
    end if;
    select * into v_from from kanban.cards where tenant_id = p_tenant and id = (v_doc ->> 'from_card_id')::uuid;
    select * into v_to from kanban.cards where tenant_id = p_tenant and id = (v_doc ->> 'to_card_id')::uuid;
    if v_doc ->> 'type' = 'blocks' then
        v_path := kanban.blocking_path(p_tenant, v_to.id, v_from.id);
        if v_path is not null then
            perform kanban.refuse('dependency_cycle', jsonb_build_object('path', v_to.key || v_path));
        end if;
    end if;
    insert into kanban.dependencies (tenant_id, id, type, from_card, to_card, created_by_kind, created_by_id, created_at)
    values (p_tenant, (v_doc ->> 'id')::uuid, v_doc ->> 'type', v_from.id, v_to.id, v_doc #>> '{created_by,kind}',
            v_doc #>> '{created_by,id}', (v_doc ->> 'created_at')::timestamptz)
    returning * into v_link;
    -- whatever has become of the cards meanwhile
    if v_link.type = 'blocks' and kanban.holds_back(p_tenant, v_from.id) then
        update kanban.cards set open_blockers = open_blockers + 1 where tenant_id = p_tenant and id = v_to.id;
    end if;
    perform kanban.append_dependency_event(p_tenant, p_actor, v_link, 'dependency.added', v_now,
                                           jsonb_build_object(
                                               'after', kanban.dependency_doc(v_link), 'undo', p_step.undo));
    return true;
end $$;

-- Puts one thing back, or says why not. What it had begun then is taken back.
create function kanban.apply_undo(p_tenant text, p_actor jsonb, p_step kanban.undo_step) returns kanban.undo_step
    language plpgsql as $$
declare
    v_is_done boolean;
    v_data    text;
begin
    v_is_done := case p_step.entity_type
        when 'board' then kanban.revert_board(p_tenant, p_actor, p_step)
        when 'column' then kanban.revert_column(p_tenant, p_actor, p_step)
        when 'card' then kanban.revert_card(p_tenant, p_actor, p_step)
        when 'dependency' then kanban.revert_dependency(p_tenant, p_actor, p_step)
        else kanban.revert_on_card(p_tenant, p_actor, p_step) end;
    p_step.outcome := case when v_is_done then 'reverted' else 'unchanged' end;
    p_step.reason := null;
    return p_step;
exception
    when sqlstate 'KANBN' then
        -- these are about who asks, not about the thing
        if sqlerrm in ('token_over', 'tenant_suspended') then
            raise;
        end if;
        get stacked diagnostics v_data = pg_exception_detail;
        p_step.outcome := 'conflict';
        p_step.reason := v_data::jsonb || jsonb_build_object('code', sqlerrm);
        return p_step;
    when unique_violation then
        get stacked diagnostics v_data = constraint_name;
        if v_data not in ('cards_external_id_unique', 'columns_name_unique') then
            raise;
        end if;
        p_step.outcome := 'conflict';
        p_step.reason := jsonb_build_object(
            'code', 'duplicate', 'members',
            jsonb_build_array(case v_data when 'cards_external_id_unique' then 'external_id' else 'name' end));
        return p_step;
end $$;

-- Columns that changed, moved or went. Those that came have to be empty first.
create function kanban.undo_columns(p_tenant text, p_actor jsonb, p_scope kanban.undo_scope, p_steps kanban.undo_step[])
    returns kanban.undo_step[]
    language plpgsql as $$
declare
    v_column kanban.columns;
    v_list   uuid[];
    i        integer;
begin
    for i in 1..cardinality(p_steps) loop
        continue when p_steps[i].entity_type <> 'column' or p_steps[i].outcome is not null;
        select * into v_column from kanban.columns where tenant_id = p_tenant and id = p_steps[i].entity_id;
        p_steps[i] := kanban.plan_undo(
            p_tenant, p_scope, p_steps[i], kanban.column_doc(v_column),
            array['name', 'kind', 'wip_limit', 'metadata', 'deleted_at']);
        p_steps[i].is_ours := coalesce((
            select kanban.leads_back(e, p_scope) from kanban.events as e
            where e.tenant_id = p_tenant and e.entity_id = v_column.id
              and (e.action in ('column.created', 'column.deleted')
                   or e.payload ?| array['after_column_id', 'was_after_column_id'])
            order by e.at desc, e.seq desc limit 1), false);
        continue when p_steps[i].outcome = 'conflict' or p_steps[i].is_new
            or coalesce((p_steps[i].wanted ->> 'deleted_at')::boolean, v_column.deleted_at is not null);
        p_steps[i].is_placed := p_steps[i].wanted ? 'deleted_at' or coalesce((
            select kanban.is_undone(e, p_scope) from kanban.events as e
            where e.tenant_id = p_tenant and e.entity_id = v_column.id and e.payload ? 'after_column_id'
              and (e.payload -> 'undo') - 'since' is distinct from kanban.undo_mark(p_scope)
            order by e.at desc, e.seq desc limit 1), false);
        if p_steps[i].is_placed then
            p_steps[i].outcome := null;
        end if;
    end loop;
    v_list := kanban.columns_undone(p_tenant, p_scope, array(
        select s.entity_id from unnest(p_steps) as s
        where s.entity_type = 'column' and case
            when s.outcome is null then s.is_placed or s.is_new when s.outcome = 'unchanged' then s.is_ours end));
    -- by the places that they go to, so that each finds the one that it goes behind
    for i in select u.i from generate_subscripts(p_steps, 1) as u (i)
             where p_steps[u.i].entity_type = 'column' and p_steps[u.i].outcome is null and not p_steps[u.i].is_new
             order by array_position(v_list, p_steps[u.i].entity_id)
    loop
        if p_steps[i].is_placed then
            -- behind the nearest one that is there
            p_steps[i].behind := (
                select o.id
                from unnest(v_list[2:array_position(v_list, p_steps[i].entity_id) - 1]) with ordinality as o (id, place)
                join kanban.columns as c on c.tenant_id = p_tenant and c.id = o.id and c.deleted_at is null
                order by o.place desc limit 1);
        end if;
        p_steps[i] := kanban.apply_undo(p_tenant, p_actor, p_steps[i]);
    end loop;
    return p_steps;
end $$;

-- Cards: those that go first, for they leave room, then the others by the places that they go to.
create function kanban.undo_cards(p_tenant text, p_actor jsonb, p_scope kanban.undo_scope, p_steps kanban.undo_step[])
    returns kanban.undo_step[]
    language plpgsql as $$
declare
    v_columns uuid[];
    v_list    uuid[];
    v_at      integer;
    i         integer;
begin
    for i in 1..cardinality(p_steps) loop
        if p_steps[i].entity_type = 'card' and p_steps[i].outcome is null then
            p_steps[i] := kanban.plan_undo_card(p_tenant, p_scope, p_steps[i]);
        end if;
    end loop;
    p_steps := kanban.fit_wip_limits(p_tenant, p_steps);
    v_columns := array(
        select distinct u.id
        from unnest(p_steps) as s join kanban.cards as k on k.tenant_id = p_tenant and k.id = s.entity_id
        cross join lateral (values (s.column_id), (k.column_id)) as u (id)
        join kanban.columns as c on c.tenant_id = p_tenant and c.id = u.id and c.deleted_at is null
        where s.entity_type = 'card' and s.outcome is null);
    v_list := kanban.cards_undone(p_tenant, p_scope, array(
        select s from unnest(p_steps) as s
        where s.entity_type = 'card' and case
            when s.outcome is null then s.is_placed or (s.wanted ->> 'deleted_at')::boolean
            -- what is as it was has been where others stood behind it
            when s.outcome = 'unchanged' then s.is_ours end), v_columns);
    for i in select u.i from generate_subscripts(p_steps, 1) as u (i)
             where p_steps[u.i].entity_type = 'card' and p_steps[u.i].outcome is null
             order by coalesce(array_position(v_list, p_steps[u.i].entity_id), 0), u.i
    loop
        if p_steps[i].is_placed then
            v_at := array_position(v_list, p_steps[i].entity_id) - 1;
            -- behind the nearest one that is there; the column's own id is its top
            while v_list[v_at] <> all (v_columns) and not exists (
                select from kanban.cards
                where tenant_id = p_tenant and id = v_list[v_at] and column_id = p_steps[i].column_id and deleted_at is null)
            loop
                v_at := v_at - 1;
            end loop;
            p_steps[i].behind := case when v_list[v_at] <> all (v_columns) then v_list[v_at] end;
        end if;
        p_steps[i] := kanban.apply_undo(p_tenant, p_actor, p_steps[i]);
    end loop;
    return p_steps;
end $$;

-- Comments, attachments and links: first those that came, with p_goes, then, behind the cards, those that had gone.
create function kanban.undo_on_cards(
    p_tenant text, p_actor jsonb, p_scope kanban.undo_scope, p_steps kanban.undo_step[], p_goes boolean)
    returns kanban.undo_step[]
    language plpgsql as $$
declare
    v_now jsonb;
begin
    for i in 1..cardinality(p_steps) loop
        continue when p_steps[i].entity_type not in ('comment', 'attachment', 'dependency') or p_steps[i].is_new <> p_goes;
        if p_steps[i].entity_type = 'dependency' then
            -- somebody else may have made the same link again
            p_steps[i].wanted := case when kanban.is_covered(p_tenant, p_scope, p_steps[i]) or p_goes <> exists (
                select from kanban.dependencies as d
                where d.tenant_id = p_tenant and (d.id = p_steps[i].entity_id or (
                    not p_goes and d.type = p_steps[i].link ->> 'type'
                    and d.from_card = (p_steps[i].link ->> 'from_card_id')::uuid
                    and d.to_card = (p_steps[i].link ->> 'to_card_id')::uuid)))
                then '{}' else jsonb_build_object('deleted_at', p_goes) end;
            p_steps[i].outcome := case when p_steps[i].wanted = '{}' then 'unchanged' end;
        else
            execute format('select kanban.%1$I_doc(t) from kanban.%1$Is as t where t.tenant_id = $1 and t.id = $2',
                           p_steps[i].entity_type)
            into v_now using p_tenant, p_steps[i].entity_id;
            p_steps[i] := kanban.plan_undo(p_tenant, p_scope, p_steps[i], v_now, array['deleted_at']);
        end if;
        if p_steps[i].outcome is null then
            p_steps[i] := kanban.apply_undo(p_tenant, p_actor, p_steps[i]);
        end if;
    end loop;
    return p_steps;
end $$;

-- What a thing is called: a card's key, a column's name, a board's key; of what hangs on a card, that card's key; of a link
-- both keys.
create function kanban.undo_name(p_tenant text, p_step kanban.undo_step) returns text
    language sql stable
    return case (p_step).entity_type
        when 'board' then (select key from kanban.boards where tenant_id = p_tenant and id = (p_step).entity_id)
        when 'column' then (select name from kanban.columns where tenant_id = p_tenant and id = (p_step).entity_id)
        when 'card' then (select key from kanban.cards where tenant_id = p_tenant and id = (p_step).entity_id)
        when 'dependency' then (
            select f.key || ' ' || ((p_step).link ->> 'type') || ' ' || t.key from kanban.cards as f, kanban.cards as t
            where f.tenant_id = p_tenant and f.id = ((p_step).link ->> 'from_card_id')::uuid
              and t.tenant_id = p_tenant and t.id = ((p_step).link ->> 'to_card_id')::uuid)
        when 'comment' then (
            select c.key from kanban.comments as m join kanban.cards as c on c.tenant_id = p_tenant and c.id = m.card_id
            where m.tenant_id = p_tenant and m.id = (p_step).entity_id)
        when 'attachment' then (
            select c.key from kanban.attachments as a join kanban.cards as c on c.tenant_id = p_tenant and c.id = a.card_id
            where a.tenant_id = p_tenant and a.id = (p_step).entity_id) end;

-- Undoes what p_actor_id, in p_run if it is given, did on a board from p_since on and before p_until, of at most p_most
-- things, those that were changed last: of the rest, those whose last event has a number below next_before_seq are left. A
-- dry run does all of it and takes it back.
create function kanban.undo(
    p_tenant text, p_actor jsonb, p_board uuid, p_board_key text, p_actor_id text, p_run text, p_since timestamptz,
    p_until timestamptz, p_before bigint, p_most integer, p_dry_run boolean) returns jsonb
    language plpgsql as $$
declare
    v_board kanban.boards;
    v_scope kanban.undo_scope;
    v_steps kanban.undo_step[];
    v_items jsonb;
    v_next  bigint;
    v_done  bigint;
    v_again integer[];
    i       integer;
    v_own   integer;
begin
    select * into v_board from kanban.boards
    where tenant_id = p_tenant and deleted_at is null
      and id = kanban.board_id(p_tenant, p_board, p_board_key);
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'board'));
    end if;
    v_scope := row(v_board.id, p_actor_id, p_run, p_since, least(p_until, clock_timestamp()))::kanban.undo_scope;
    if v_scope.since >= v_scope.until then
        perform kanban.refuse('window_ahead');
    end if;
    v_steps := kanban.lock_for_undo(
        p_tenant, v_scope, coalesce(p_before, 9223372036854775807), p_most + 1);
    if cardinality(v_steps) > p_most then
        v_steps := v_steps[:p_most];
        v_next := v_steps[p_most].seq;
    end if;
    begin
        for i in 1..cardinality(v_steps) loop
            continue when v_steps[i].entity_type <> 'board';
            if v_steps[i].is_new then
                v_steps[i].outcome := 'impossible';
                v_steps[i].reason := '{"code": "board_created"}';
                continue;
            end if;
            select * into v_board from kanban.boards where tenant_id = p_tenant and id = v_scope.board_id;
            v_steps[i] := kanban.plan_undo(
                p_tenant, v_scope, v_steps[i], kanban.board_doc(v_board),
                array['name', 'description', 'metadata', 'time_zone', 'workspace_id', 'archived_at']);
            -- one that was brought back is archived again behind all else
            if v_steps[i].outcome is null and v_steps[i].wanted ->> 'archived_at' is null then
                v_steps[i] := kanban.apply_undo(p_tenant, p_actor, v_steps[i]);
            end if;
        end loop;
        perform kanban.require_open_board(p_tenant, v_scope.board_id);
        v_steps := kanban.undo_on_cards(p_tenant, p_actor, v_scope, v_steps, true);
        -- what one thing goes back to may be in the way of another: a name, a column with cards, the room in it
        for v_round in 1..3 loop
            v_done := (select count(*) from unnest(v_steps) as s where s.outcome = 'reverted');
            v_steps := kanban.undo_columns(p_tenant, p_actor, v_scope, v_steps);
            v_steps := kanban.undo_cards(p_tenant, p_actor, v_scope, v_steps);
            -- columns that came go when the cards have gone
            for i in 1..cardinality(v_steps) loop
                if v_steps[i].entity_type = 'column' and v_steps[i].outcome is null then
                    v_steps[i] := kanban.apply_undo(p_tenant, p_actor, v_steps[i]);
                end if;
            end loop;
            v_again := array(select u.i from generate_subscripts(v_steps, 1) as u (i)
                             where v_steps[u.i].reason ->> 'code' in (
                                 'column_gone', 'column_not_empty', 'duplicate', 'wip_limit_reached'));
            exit when v_again = '{}' or v_round = 3
                or v_done = (select count(*) from unnest(v_steps) as s where s.outcome = 'reverted');
            foreach i in array v_again loop
                v_steps[i].outcome := null;
                v_steps[i].reason := null;
            end loop;
        end loop;
        v_steps := kanban.undo_on_cards(p_tenant, p_actor, v_scope, v_steps, false);
        for i in 1..cardinality(v_steps) loop
            if v_steps[i].outcome is null then
                v_steps[i] := kanban.apply_undo(p_tenant, p_actor, v_steps[i]);
            end if;
        end loop;
        v_items := (
            select coalesce(jsonb_agg(jsonb_build_object(
                'seq', s.seq, 'entity_type', s.entity_type, 'entity_id', s.entity_id,
                'name', kanban.undo_name(p_tenant, s), 'actions', s.actions, 'outcome', s.outcome, 'reason', s.reason,
                'members', case when s.outcome in ('reverted', 'conflict') then array(
                    select m from jsonb_object_keys(s.wanted) as m
                    union select 'claim' where s.releases union select 'position' where s.is_placed order by 1)
                    else '{}' end) order by s.seq desc), '[]')
            from unnest(v_steps) as s);
        if p_dry_run then
            raise exception using errcode = 'KANBD', message = 'it is only tried';
        end if;
    exception
        when sqlstate 'KANBD' then null;
    end;
    return jsonb_build_object('next_before_seq', v_next, 'items', v_items);
end $$;
