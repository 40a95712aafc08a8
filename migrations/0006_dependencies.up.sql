-- Links between cards. Only `blocks` holds work back, so only it may not form a cycle.

-- The keys of the cards on the way from p_from to p_to along `blocks`, both included, the last first: so each waits for
-- the next. Null where there is no way.
create function kanban.blocking_path(p_tenant text, p_from uuid, p_to uuid) returns text[]
    language plpgsql stable as $$
declare
    v_reaches uuid[];
    v_at      uuid := p_from;
    v_path    uuid[] := array[p_from];
begin
    if not exists (
        with recursive ahead (card) as (
            select p_from
            union
            select d.to_card from ahead
            join kanban.dependencies as d on d.tenant_id = p_tenant and d.from_card = ahead.card and d.type = 'blocks')
        select from ahead where card = p_to) then
        return null;
    end if;
    -- the graph has no cycle yet, so any step to a card from which p_to is reached leads there
    v_reaches := array(
        with recursive behind (card) as (
            select p_to
            union
            select d.from_card from behind
            join kanban.dependencies as d on d.tenant_id = p_tenant and d.to_card = behind.card and d.type = 'blocks')
        select card from behind);
    while v_at <> p_to loop
        select to_card into v_at from kanban.dependencies
        where tenant_id = p_tenant and from_card = v_at and type = 'blocks' and to_card = any (v_reaches) limit 1;
        v_path := v_path || v_at;
    end loop;
    return array(select c.key from unnest(v_path) with ordinality as u (id, place)
                 join kanban.cards as c on c.tenant_id = p_tenant and c.id = u.id order by u.place desc);
end $$;

create function kanban.append_dependency_event(
    p_tenant text, p_actor jsonb, d kanban.dependencies, p_action text, p_now timestamptz, p_payload jsonb) returns void
    language plpgsql as $$
begin
    -- part of the history of every board it touches; boards lock in the order of their ids
    perform kanban.append_event(p_tenant, b.board_id, 'dependency', d.id, p_action, p_actor, p_now, p_payload)
    from (select distinct board_id from kanban.cards
          where tenant_id = p_tenant and id in (d.from_card, d.to_card) order by board_id) as b;
end $$;

-- Answers the link and whether it is new: adding what is there already changes nothing.
create function kanban.add_dependency(
    p_tenant text, p_actor jsonb, p_id uuid, p_type text, p_from uuid, p_from_key text, p_to uuid, p_to_key text,
    out dependency kanban.dependencies, out is_new boolean)
    language plpgsql as $$
declare
    v_now  timestamptz;
    v_from kanban.cards;
    v_to   kanban.cards;
    v_swap kanban.cards;
    v_path text[];
begin
    perform kanban.lock_dependency_graph(p_tenant);
    v_from.id := coalesce(p_from, (select id from kanban.cards where tenant_id = p_tenant and key = p_from_key));
    v_to.id := coalesce(p_to, (select id from kanban.cards where tenant_id = p_tenant and key = p_to_key));
    perform 1 from kanban.cards where tenant_id = p_tenant and id in (v_from.id, v_to.id) order by id for no key update;
    select * into v_from from kanban.cards where tenant_id = p_tenant and id = v_from.id and deleted_at is null;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'card', 'side', 'from'));
    end if;
    select * into v_to from kanban.cards where tenant_id = p_tenant and id = v_to.id and deleted_at is null;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'card', 'side', 'to'));
    end if;
    perform kanban.require_open_board(p_tenant, v_from.board_id);
    perform kanban.require_open_board(p_tenant, v_to.board_id);
    -- both ends of `relates` are alike: one direction is kept
    if p_type = 'relates' and v_from.id > v_to.id then
        v_swap := v_from;
        v_from := v_to;
        v_to := v_swap;
    end if;
    select * into dependency from kanban.dependencies
    where tenant_id = p_tenant and from_card = v_from.id and to_card = v_to.id and type = p_type;
    is_new := not found;
    if not is_new then
        return;
    end if;
    if p_type = 'blocks' and v_from.id <> v_to.id then
        v_path := kanban.blocking_path(p_tenant, v_to.id, v_from.id);
        if v_path is not null then
            perform kanban.refuse('dependency_cycle', jsonb_build_object('path', v_to.key || v_path));
        end if;
    end if;
    v_now := clock_timestamp();
    insert into kanban.dependencies (tenant_id, id, type, from_card, to_card, created_by_kind, created_by_id, created_at)
    values (p_tenant, p_id, p_type, v_from.id, v_to.id, p_actor ->> 'kind', p_actor ->> 'id', v_now)
    returning * into dependency;
    if p_type = 'blocks' and v_from.finished_at is null then
        update kanban.cards set open_blockers = open_blockers + 1 where tenant_id = p_tenant and id = v_to.id;
    end if;
    perform kanban.append_dependency_event(p_tenant, p_actor, dependency, 'dependency.added', v_now,
                                           jsonb_build_object('after', kanban.dependency_doc(dependency)));
end $$;

create function kanban.remove_dependency(
    p_tenant text, p_actor jsonb, p_type text, p_from uuid, p_from_key text, p_to uuid, p_to_key text)
    returns kanban.dependencies
    language plpgsql as $$
declare
    v_from uuid := coalesce(p_from, (select id from kanban.cards where tenant_id = p_tenant and key = p_from_key));
    v_to   uuid := coalesce(p_to, (select id from kanban.cards where tenant_id = p_tenant and key = p_to_key));
    v_open boolean;
    v_now  timestamptz;
    v_row  kanban.dependencies;
begin
    perform kanban.lock_dependency_graph(p_tenant);
    perform 1 from kanban.cards where tenant_id = p_tenant and id in (v_from, v_to) order by id for no key update;
    delete from kanban.dependencies
    where tenant_id = p_tenant and type = p_type
      and ((from_card = v_from and to_card = v_to) or (p_type = 'relates' and from_card = v_to and to_card = v_from))
    returning * into v_row;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'dependency'));
    end if;
    select c.finished_at is null and c.deleted_at is null and b.archived_at is null and b.deleted_at is null into v_open
    from kanban.cards as c join kanban.boards as b on b.tenant_id = c.tenant_id and b.id = c.board_id
    where c.tenant_id = p_tenant and c.id = v_row.from_card;
    v_now := clock_timestamp();
    if p_type = 'blocks' and v_open then
        update kanban.cards
        set open_blockers = open_blockers - 1, ready_at = case when open_blockers = 1 then v_now else ready_at end
        where tenant_id = p_tenant and id = v_row.to_card;
    end if;
    perform kanban.append_dependency_event(p_tenant, p_actor, v_row, 'dependency.removed', v_now,
                                           jsonb_build_object('before', kanban.dependency_doc(v_row)));
    return v_row;
end $$;
