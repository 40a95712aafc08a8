-- Links between cards. Only `blocks` holds work back, so only it may not form a cycle.

-- The keys of the cards on the way from p_from to p_to along `blocks`, both included, the last first: so each waits for
-- the next. Null where there is no way.
create function kanban.blocking_path(p_tenant text, p_from uuid, p_to uuid) returns text[]
    language plpgsql stable as $$
declare
    -- each card that is reached, with one from which it is
    v_via  jsonb;
    v_at   uuid := p_to;
    v_path uuid[] := array[p_to];
begin
    with recursive ahead (card, via) as (
        select p_from, null::uuid
        union
        select d.to_card, ahead.card
        from ahead
        cross join lateral (
            select n.to_card from kanban.dependencies as n
            where n.tenant_id = p_tenant and n.from_card = ahead.card and n.type = 'blocks'
            -- one look into the index for each card, also where the planner knows nothing of the table yet
            offset 0) as d)
    select jsonb_object_agg(card, via) into v_via from ahead;
    if not v_via ? p_to::text then
        return null;
    end if;
    -- the graph has no cycle yet, so going back ends where it began
    while v_at <> p_from loop
        v_at := v_via ->> v_at::text;
        v_path := v_path || v_at;
    end loop;
    return array(select c.key from unnest(v_path) with ordinality as u (id, place)
                 join kanban.cards as c on c.tenant_id = p_tenant and c.id = u.id order by u.place);
end $$;

-- Whether a card holds back what waits for it: it is neither finished nor deleted, and its board neither archived nor
-- deleted.
create function kanban.holds_back(p_tenant text, p_card uuid) returns boolean
    language sql stable
    return (select c.finished_at is null and c.deleted_at is null and b.archived_at is null and b.deleted_at is null
            from kanban.cards as c join kanban.boards as b on b.tenant_id = c.tenant_id and b.id = c.board_id
            where c.tenant_id = p_tenant and c.id = p_card);

create function kanban.append_dependency_event(
    p_tenant text, p_actor jsonb, d kanban.dependencies, p_action text, p_now timestamptz, p_payload jsonb) returns void
    language plpgsql as $$
begin
    -- part of the history of every board it touches; boards lock in the order of their ids
    perform kanban.append_event(p_tenant, b.board_id, 'dependency', d.id, p_action, p_actor, p_now, p_payload)
    from (select distinct board_id from kanban.cards
          where tenant_id = p_tenant and id in (d.from_card, d.to_card) order by board_id) as b;
end $$;

-- Answers the link and whether it is new: adding what is there already changes nothing. A claim that is named is that of
-- the card on one side.
create function kanban.add_dependency(
    p_tenant text, p_actor jsonb, p_id uuid, p_type text, p_from uuid, p_from_key text, p_to uuid, p_to_key text,
    p_epoch bigint, p_is_from_claimed boolean, out dependency kanban.dependencies, out is_new boolean)
    language plpgsql as $$
declare
    v_now  timestamptz;
    v_from kanban.cards;
    v_to   kanban.cards;
    v_swap kanban.cards;
    v_path text[];
begin
    perform kanban.lock_dependency_graph(p_tenant);
    v_from.id := kanban.card_id(p_tenant, p_from, p_from_key);
    v_to.id := kanban.card_id(p_tenant, p_to, p_to_key);
    perform 1 from kanban.cards where tenant_id = p_tenant and id in (v_from.id, v_to.id) order by id for no key update;
    select * into v_from from kanban.cards where tenant_id = p_tenant and id = v_from.id and deleted_at is null;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'card', 'side', 'from'));
    end if;
    select * into v_to from kanban.cards where tenant_id = p_tenant and id = v_to.id and deleted_at is null;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'card', 'side', 'to'));
    end if;
    if p_epoch is not null then
        perform kanban.guard_card(case when p_is_from_claimed then v_from else v_to end, p_actor, null, p_epoch);
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
    p_tenant text, p_actor jsonb, p_type text, p_from uuid, p_from_key text, p_to uuid, p_to_key text, p_epoch bigint,
    p_is_from_claimed boolean) returns kanban.dependencies
    language plpgsql as $$
declare
    v_from uuid := kanban.card_id(p_tenant, p_from, p_from_key);
    v_to   uuid := kanban.card_id(p_tenant, p_to, p_to_key);
    v_open boolean;
    v_now  timestamptz;
    v_row  kanban.dependencies;
    v_card kanban.cards;
begin
    perform kanban.lock_dependency_graph(p_tenant);
    perform 1 from kanban.cards where tenant_id = p_tenant and id in (v_from, v_to) order by id for no key update;
    if p_epoch is not null then
        select * into v_card from kanban.cards
        where tenant_id = p_tenant and id = case when p_is_from_claimed then v_from else v_to end;
        perform kanban.guard_card(v_card, p_actor, null, p_epoch);
    end if;
    delete from kanban.dependencies
    where tenant_id = p_tenant and type = p_type
      and ((from_card = v_from and to_card = v_to) or (p_type = 'relates' and from_card = v_to and to_card = v_from))
    returning * into v_row;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'dependency'));
    end if;
    v_open := kanban.holds_back(p_tenant, v_row.from_card);
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
