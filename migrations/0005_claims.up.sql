-- Ready work, and the leases under which agents do it.

-- The unfinished cards that are assigned to an agent. Behind row-level security an array operator cannot use an index, so
-- this one passes the policies and keeps to the session's tenant itself; its ids are read again behind them.
create function kanban.assigned_cards(p_tenant text, p_agent text) returns setof uuid
    language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select c.id from kanban.cards as c
    where c.tenant_id = p_tenant and p_tenant = nullif(current_setting('kanban.tenant_id', true), '')
      and c.assignees @> array[p_agent] and c.assignees <> '{}' and c.finished_at is null and c.deleted_at is null;
end $$;

-- Which of these agents have something of their own: cards that are assigned to them, or begun by them and left behind.
create function kanban.agents_with_work(p_tenant text, p_agents text[], p_now timestamptz) returns text[]
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
begin
    if p_tenant is distinct from nullif(current_setting('kanban.tenant_id', true), '') then
        return '{}';
    end if;
    -- not `exists`: for several agents that would be one look at all that is claimed or assigned to anybody
    return array(
        select a.id from unnest(p_agents) as a (id)
        where (select true from kanban.cards as c
               where c.tenant_id = p_tenant and c.claim_agent = a.id and c.claim_agent is not null
                 and c.lease_until <= p_now and c.finished_at is null and c.deleted_at is null limit 1)
           or (select true from kanban.cards as c
               where c.tenant_id = p_tenant and c.assignees @> array[a.id] and c.assignees <> '{}'
                 and c.finished_at is null and c.deleted_at is null limit 1));
end $$;

-- What an agent asks of a card; a null member asks for nothing.
create type kanban.task_filter as (
    labels text[], capabilities text[], priority smallint, due_after timestamptz, due_before timestamptz);

-- What a card needs and an agent cannot: labels `needs:…`, without that beginning. Nothing is missing where an agent does
-- not say what it can.
create function kanban.missing_capabilities(p_labels text[], p_capabilities text[]) returns text[]
    language sql immutable parallel safe
    return array(select substr(l.label, 7) from unnest(p_labels) with ordinality as l (label, place)
                 where l.label like 'needs:%' and substr(l.label, 7) <> all (p_capabilities) order by l.place);

-- Whether a card is one of those that are asked for, whoever may work on it. Inlined; the due date is compared as the
-- indexes have it.
create function kanban.is_asked_for(c kanban.cards, f kanban.task_filter) returns boolean
    language sql immutable parallel safe
    return (f.labels is null or c.labels @> f.labels) and (f.priority is null or c.priority = f.priority)
        and (f.due_after is null
             or (c.due_at is not null and kanban.due(c.due_at) >= f.due_after))
        and (f.due_before is null or kanban.due(c.due_at) < f.due_before);

create function kanban.suits(c kanban.cards, f kanban.task_filter) returns boolean
    language sql immutable parallel safe
    return kanban.is_asked_for(c, f)
        and (f.capabilities is null or kanban.missing_capabilities(c.labels, f.capabilities) = '{}');

-- The boards of a tenant that are open, or the one that is named if it is.
create function kanban.open_boards(p_tenant text, p_board uuid, p_board_key text) returns uuid[]
    language plpgsql stable as $$
begin
    if p_board is not null then
        return array(select id from kanban.boards
                     where tenant_id = p_tenant and id = p_board and archived_at is null and deleted_at is null);
    elsif p_board_key is not null then
        return array(select id from kanban.boards
                     where tenant_id = p_tenant and key = p_board_key and archived_at is null and deleted_at is null);
    end if;
    return array(select id from kanban.boards
                 where tenant_id = p_tenant and archived_at is null and deleted_at is null);
end $$;

-- The cards an agent can work on, in the order in which it should take them: its own unfinished work, then priority, due
-- date (none last), position, id. Written so that it is inlined into the statement that calls it; each branch reads the
-- few rows it returns from an index in that order, under one plan for all arguments.
--
-- p_boards: on these, which are open. An argument must not be a query, for then it would not be inlined.
-- p_full_boards: those that have no room to start queued work.
-- p_holder: the agent whose live leases count as free: the agent itself to list its work, '' to take new leases.
-- p_rank to p_id: the row to go on behind; rank 0 is own work, 1 the rest.
create function kanban.ready_cards(
    p_tenant text, p_agent text, p_holder text, p_boards uuid[], p_full_boards uuid[], p_filter kanban.task_filter,
    p_now timestamptz, p_rank integer, p_priority integer, p_due timestamptz, p_position bigint, p_id uuid,
    p_limit integer)
    returns table (rank integer, priority integer, due timestamptz, "position" bigint, id uuid, board_id uuid)
    language sql stable as $$
    select r.rank, r.priority, r.due, r.position, r.id, r.board_id
    from (
        -- started by this agent and not finished
        select 0 as rank, c.priority::integer as priority, kanban.due(c.due_at) as due, c.position, c.id,
               c.board_id
        from kanban.cards as c
        where c.tenant_id = p_tenant and c.claim_agent = p_agent and c.status = 'doing' and c.open_blockers = 0
          and c.deleted_at is null and (c.lease_until <= p_now or c.claim_agent = p_holder) and kanban.suits(c, p_filter)
          and c.board_id = any (p_boards)
        union all
        -- assigned to this agent: started by somebody, or queued
        select case when c.status = 'doing' then 0 else 1 end, c.priority, kanban.due(c.due_at), c.position, c.id, c.board_id
        from kanban.assigned_cards(p_tenant, p_agent) as a (id)
        join kanban.cards as c on c.tenant_id = p_tenant and c.id = a.id
        where c.status in ('backlog', 'todo', 'doing') and c.open_blockers = 0 and c.deleted_at is null
          and (c.claim_agent is null or c.lease_until <= p_now or (c.claim_agent = p_holder and c.status <> 'doing'))
          and (c.status <> 'doing' or c.claim_agent is distinct from p_agent)
          and (c.status = 'doing' or c.board_id <> all (p_full_boards))
          and kanban.suits(c, p_filter) and c.board_id = any (p_boards)
        union all
        -- left behind in progress: the lease has ended and nobody is assigned. Where that is little, it is looked up by the
        -- end of the lease; where it is much, the work under leases is walked in order, and every few are of it
        select 1, q.priority, q.due, q.position, q.id, b.id
        from unnest(p_boards) as b (id)
        cross join lateral (
            select count(*) > 200 as is_much
            from (select from kanban.cards as c
                  where c.tenant_id = p_tenant and c.board_id = b.id and c.lease_until < 'infinity'
                    and c.lease_until <= p_now and c.status = 'doing' and c.assignees = '{}' and c.open_blockers = 0
                    and c.deleted_at is null
                  limit 201) as l) as n
        cross join lateral (
            select c.priority, kanban.due(c.due_at) as due, c.position, c.id
            from kanban.cards as c
            where not n.is_much and c.tenant_id = p_tenant and c.board_id = b.id and c.lease_until < 'infinity'
              and c.lease_until <= p_now and c.status = 'doing' and c.assignees = '{}' and c.open_blockers = 0
              and c.deleted_at is null and c.claim_agent is distinct from p_agent and kanban.suits(c, p_filter)
            union all
            (select c.priority, kanban.due(c.due_at), c.position, c.id
             from kanban.cards as c
             where n.is_much and c.tenant_id = p_tenant and c.board_id = b.id and c.lease_until > '-infinity'
               and c.lease_until <= p_now and c.status = 'doing' and c.assignees = '{}' and c.open_blockers = 0
               and c.deleted_at is null and c.claim_agent is distinct from p_agent and kanban.suits(c, p_filter)
               and (c.priority, kanban.due(c.due_at), c.position, c.id)
                   > (case when p_rank = 1 then p_priority else -1 end, case when p_rank = 1 then p_due else '-infinity' end,
                      p_position, p_id)
             order by c.priority, kanban.due(c.due_at), c.position, c.id
             limit p_limit)) as q
        union all
        -- queued for anybody: the first few of each board from the index that is in this order
        select 1, q.priority, q.due, q.position, q.id, b.id
        from unnest(p_boards) as b (id)
        cross join lateral (
            select c.priority, kanban.due(c.due_at) as due, c.position, c.id
            from kanban.cards as c
            where c.tenant_id = p_tenant and c.board_id = b.id and c.assignees = '{}' and c.open_blockers = 0
              and c.status in ('backlog', 'todo') and c.deleted_at is null
              and (c.claim_agent is null or c.lease_until <= p_now or c.claim_agent = p_holder)
              and kanban.suits(c, p_filter)
              and (c.priority, kanban.due(c.due_at), c.position, c.id)
                  > (case when p_rank = 1 then p_priority else -1 end, case when p_rank = 1 then p_due else '-infinity' end,
                     p_position, p_id)
            order by c.priority, kanban.due(c.due_at), c.position, c.id
            limit p_limit) as q
        where b.id <> all (p_full_boards)
    ) as r
    where (r.rank, r.priority, r.due, r.position, r.id) > (p_rank, p_priority, p_due, p_position, p_id)
    order by r.rank, r.priority, r.due, r.position, r.id
    limit p_limit
$$;

-- A page of what an agent could work on. The statement is long, and its plan the same for all arguments: it is kept, for
-- to make it takes twenty times as long as to run it.
create function kanban.next_tasks(
    p_tenant text, p_agent text, p_board uuid, p_board_key text, p_filter kanban.task_filter, p_rank integer,
    p_priority integer, p_due timestamptz, p_position bigint, p_id uuid, p_limit integer)
    returns table (rank integer, priority integer, due timestamptz, "position" bigint, id uuid)
    language plpgsql stable rows 10 set plan_cache_mode = force_generic_plan as $$
declare
    v_boards uuid[] := kanban.open_boards(p_tenant, p_board, p_board_key);
    v_now    timestamptz := now();
begin
    return query
    select r.rank, r.priority, r.due, r.position, r.id
    from kanban.ready_cards(p_tenant, p_agent, p_agent, v_boards, '{}', p_filter, v_now, p_rank, p_priority, p_due,
                            p_position, p_id, p_limit) as r;
end $$;

-- Gives locked cards to agents, each under a new lease and epoch, and starts them if asked to. The columns of their boards
-- are locked.
create function kanban.take_cards(
    p_actors jsonb[], p_cards kanban.cards[], p_agents text[], p_ttl integer, p_start boolean) returns kanban.cards[]
    language plpgsql as $$
declare
    v_tenant constant text := (p_cards[1]).tenant_id;
    v_now    timestamptz := clock_timestamp();
    v_old    kanban.cards;
    v_new    kanban.cards;
    v_to     kanban.columns;
    v_nows   timestamptz[] := '{}';
    v_taken  kanban.cards[] := '{}';
    v_tos    kanban.columns[] := '{}';
    -- the column of each board in which work begins, as it fills, and the key of the last card in it
    v_boards uuid[] := '{}';
    v_doing  kanban.columns[] := '{}';
    v_keys   bigint[] := '{}';
    v_board  integer;
begin
    for i in 1..cardinality(p_cards) loop
        v_old := p_cards[i];
        v_now := greatest(v_now + interval '1 microsecond', v_old.column_since);
        v_new := v_old;
        v_to := null;
        if p_start and v_old.status in ('backlog', 'todo') then
            v_board := array_position(v_boards, v_old.board_id);
            if v_board is null then
                select * into v_to from kanban.columns
                where tenant_id = v_tenant and board_id = v_old.board_id and kind = 'doing' and deleted_at is null
                order by position limit 1;
                v_boards := v_boards || v_old.board_id;
                v_board := cardinality(v_boards);
                v_keys[v_board] := case when v_to.id is not null
                                        then kanban.place_key(v_tenant, v_to, v_old.id, null, null, null) end;
            else
                v_to := v_doing[v_board];
                v_keys[v_board] := kanban.key_between(v_keys[v_board], null, null);
            end if;
            if v_to.id is not null then
                perform kanban.require_room(v_to);
                v_to.cards := v_to.cards + 1;
                v_new.position := v_keys[v_board];
            end if;
            v_doing[v_board] := v_to;
        end if;
        if v_to.id is null then
            -- it stays where it is
            v_to.id := v_old.column_id;
        end if;
        v_new.claim_agent := p_agents[i];
        v_new.claim_epoch := v_old.claim_epoch + 1;
        v_new.claimed_at := v_now;
        v_new.claim_kind := p_actors[i] ->> 'kind';
        -- a claim before it kept others off until its lease ended
        v_new.claim_ready_at := least(v_now, greatest(
            v_old.ready_at, case when v_old.claim_agent is not null then v_old.lease_until end));
        v_new.lease_until := v_now + make_interval(secs => p_ttl);
        v_nows := v_nows || v_now;
        v_taken := v_taken || v_new;
        v_tos := v_tos || v_to;
    end loop;
    return kanban.shift_cards(p_actors, p_cards, v_taken, v_tos, 'card.claimed', v_nows);
end $$;

-- One agent's claims are counted and taken one call at a time where a capacity is named.
create function kanban.free_capacity(p_tenant text, p_agent text, p_capacity integer) returns integer
    language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(p_tenant || '/' || p_agent, 0));
    return p_capacity - (select count(*) from kanban.cards
                         where tenant_id = p_tenant and claim_agent = p_agent and lease_until > clock_timestamp()
                           and deleted_at is null);
end $$;

-- Takes what these agents should work on next, up to p_limit cards for each, as if they had asked one after the other; each
-- agent is there once. One that finds nothing here may find something when it asks alone. A capacity is that of one agent.
create function kanban.claim_next(
    p_tenant text, p_actors jsonb[], p_agents text[], p_board uuid, p_board_key text,
    p_filter kanban.task_filter, p_limit integer, p_ttl integer, p_start boolean, p_capacity integer)
    returns setof kanban.cards
    language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    c_nil     constant uuid := '00000000-0000-0000-0000-000000000000';
    v_limit   integer := p_limit;
    v_boards  uuid[];
    v_open    uuid[];
    v_room    integer[] := '{}';
    v_full    uuid[] := '{}';
    v_now     timestamptz := clock_timestamp();
    -- who has work of its own looks for itself; '' looks for all others
    v_askers  text[];
    v_asker   text;
    -- one for each card that is still to be taken: who looks for it, null once it is found
    v_slots   text[] := '{}';
    v_slot    integer;
    v_ids     uuid[];
    v_found   uuid[];
    v_finders text[];
    v_row     record;
    v_card    kanban.cards;
    v_cards   kanban.cards[];
    v_actors  jsonb[];
    v_agents  text[];
    v_seen    uuid[];
    v_taken   integer := 0;
    v_left    integer;
begin
    if p_board is not null or p_board_key is not null then
        v_boards := kanban.open_boards(p_tenant, p_board, p_board_key);
        -- a condition with a query in it costs its start even where what stands before it decides: so these are nested
        if v_boards = '{}' then
            if not exists (
                select from kanban.boards
                where tenant_id = p_tenant and deleted_at is null and (id = p_board or key = p_board_key)) then
                perform kanban.refuse('not_found', jsonb_build_object('what', 'board'));
            end if;
        end if;
    end if;
    if p_capacity is not null then
        v_limit := least(v_limit, kanban.free_capacity(p_tenant, p_agents[1], p_capacity));
    end if;
    if v_limit <= 0 then
        return;
    end if;
    if cardinality(p_agents) = 1 then
        v_slots := array_fill(p_agents[1], array[v_limit]);
        v_askers := p_agents;
    else
        v_askers := kanban.agents_with_work(p_tenant, p_agents, v_now);
        for i in 1..cardinality(p_agents) loop
            v_slots := v_slots || array_fill(
                case when p_agents[i] = any (v_askers) then p_agents[i] else '' end, array[v_limit]);
        end loop;
        v_askers := v_askers || array['']::text[];
    end if;
    if v_boards is null then
        v_open := kanban.open_boards(p_tenant, null, null);
        v_left := cardinality(v_slots);
        foreach v_asker in array v_askers loop
            v_boards := v_boards || array(
                select distinct r.board_id
                from kanban.ready_cards(p_tenant, v_asker, '', v_open, '{}', p_filter, v_now, -1, -1, '-infinity', 0, c_nil,
                                        v_left) as r);
        end loop;
    end if;
    -- from here on nobody else claims or moves on these boards; what is read now is what is
    perform kanban.lock_columns(p_tenant, v_boards);
    v_boards := array(select id from kanban.boards
                      where tenant_id = p_tenant and id = any (v_boards) and archived_at is null and deleted_at is null);
    v_now := clock_timestamp();
    if p_start then
        -- how many cards each board can still begin; null for as many as there are
        v_room := array(
            select (select c.wip_limit - c.cards from kanban.columns as c
                    where c.tenant_id = p_tenant and c.board_id = b.id and c.kind = 'doing' and c.deleted_at is null
                    order by c.position limit 1)
            from unnest(v_boards) with ordinality as b (id, place) order by b.place);
    end if;
    for v_round in 1..8 loop
        v_full := '{}';
        for i in 1..cardinality(v_room) loop
            if v_room[i] <= 0 then
                v_full := v_full || v_boards[i];
            end if;
        end loop;
        v_left := cardinality(v_slots) - v_taken;
        v_ids := '{}';
        v_finders := '{}';
        foreach v_asker in array v_askers loop
            continue when array_position(v_slots, v_asker) is null;
            v_found := array(
                select r.id
                from kanban.ready_cards(p_tenant, v_asker, '', v_boards, v_full, p_filter, v_now, -1, -1, '-infinity', 0,
                                        c_nil, v_left) as r);
            v_ids := v_ids || v_found;
            v_finders := v_finders || array_fill(v_asker, array[cardinality(v_found)]);
        end loop;
        exit when v_ids = '{}';
        if cardinality(v_ids) > 1 then
            -- several are locked in the order of their ids
            perform 1 from kanban.cards where tenant_id = p_tenant and id = any (v_ids) order by id for no key update;
        end if;
        v_cards := '{}';
        v_actors := '{}';
        v_agents := '{}';
        v_seen := '{}';
        for v_row in
            select c as card, u.asker from unnest(v_ids, v_finders) with ordinality as u (id, asker, place)
            join kanban.cards as c on c.tenant_id = p_tenant and c.id = u.id
            -- an edit or a new dependency may have come in before the lock
            where c.deleted_at is null and c.open_blockers = 0 and c.finished_at is null
              and (c.assignees = '{}' or c.assignees @> array[u.asker] or (c.status = 'doing' and c.claim_agent = u.asker))
              and kanban.suits(c, p_filter)
              and (c.claim_agent is null or c.lease_until <= v_now)
            order by u.place for no key update of c
        loop
            v_card := v_row.card;
            v_slot := array_position(v_slots, v_row.asker);
            continue when v_slot is null or v_card.id = any (v_seen);
            if p_start and v_card.status in ('backlog', 'todo') then
                -- the one before may have taken the last room
                continue when v_room[array_position(v_boards, v_card.board_id)] <= 0;
                v_room[array_position(v_boards, v_card.board_id)] := v_room[array_position(v_boards, v_card.board_id)] - 1;
            end if;
            v_slots[v_slot] := null;
            v_slot := (v_slot - 1) / v_limit + 1;
            v_cards := v_cards || v_card;
            v_actors := v_actors || p_actors[v_slot];
            v_agents := v_agents || p_agents[v_slot];
            v_seen := v_seen || v_card.id;
        end loop;
        if v_cards <> '{}' then
            v_taken := v_taken + cardinality(v_cards);
            foreach v_card in array kanban.take_cards(v_actors, v_cards, v_agents, p_ttl, p_start) loop
                return next v_card;
            end loop;
        end if;
        exit when v_taken >= cardinality(v_slots);
    end loop;
    if v_taken = 0 and v_boards <> '{}' and p_board is null and p_board_key is null and v_full = '{}' then
        if exists (
            select from kanban.ready_cards(p_tenant, v_askers[1], '', v_open, '{}', p_filter, v_now, -1, -1, '-infinity', 0,
                                           c_nil, 1)) then
            -- others took what these boards had; another board has work
            perform kanban.try_again();
        end if;
    end if;
end $$;

create function kanban.claim_card(
    p_tenant text, p_actor jsonb, p_id uuid, p_key text, p_agent text, p_ttl integer, p_start boolean,
    p_capacity integer) returns kanban.cards
    language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    v_id    uuid;
    v_board uuid;
    v_free  integer;
    v_old   kanban.cards;
    v_why   text;
begin
    select id, board_id into v_id, v_board from kanban.cards
    where tenant_id = p_tenant and deleted_at is null
      and id = kanban.card_id(p_tenant, p_id, p_key);
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'card'));
    end if;
    if p_capacity is not null then
        v_free := kanban.free_capacity(p_tenant, p_agent, p_capacity);
    end if;
    perform kanban.lock_columns(p_tenant, array[v_board]);
    v_old := kanban.lock_card(p_tenant, v_id, false);
    if v_old.board_id <> v_board then
        perform kanban.try_again();
    elsif v_old.deleted_at is not null then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'card'));
    elsif v_old.claim_agent <> p_agent and v_old.lease_until > clock_timestamp() then
        perform kanban.refuse('claimed', jsonb_build_object(
            'card', v_old.key, 'agent_id', v_old.claim_agent, 'until', kanban.rfc3339(v_old.lease_until)));
    end if;
    v_why := case
        when v_old.finished_at is not null then 'finished'
        when v_old.open_blockers > 0 then 'blocked'
        -- what an agent has begun it may finish, whoever it was assigned to meanwhile
        when v_old.assignees <> '{}' and not v_old.assignees @> array[p_agent]
             and not (v_old.status = 'doing' and v_old.claim_agent is not distinct from p_agent) then 'assigned'
        -- in progress without ever having been an agent's: a person is on it
        when v_old.status = 'doing' and v_old.lease_until is null and v_old.assignees = '{}' then 'in_progress' end;
    if v_why is not null then
        perform kanban.refuse('not_ready', jsonb_build_object('card', v_old.key, 'reason', v_why));
    elsif v_free <= 0 and not (v_old.claim_agent is not distinct from p_agent
                               and v_old.lease_until > clock_timestamp()) then
        perform kanban.refuse('capacity_reached', jsonb_build_object(
            'agent_id', p_agent, 'held', p_capacity - v_free, 'capacity', p_capacity));
    end if;
    return (kanban.take_cards(array[p_actor], array[v_old], array[p_agent], p_ttl, p_start))[1];
end $$;

-- Extends the lease. The version stays: the card has not changed, and its holder's next write must not fail on its own
-- heartbeat.
create function kanban.heartbeat_card(
    p_tenant text, p_actor jsonb, p_id uuid, p_key text, p_epoch bigint, p_ttl integer, p_max_age integer)
    returns kanban.cards
    language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    v_now timestamptz;
    v_old kanban.cards;
    v_new kanban.cards;
begin
    v_old := kanban.lock_card(p_tenant, kanban.card_id(p_tenant, p_id, p_key), false);
    perform kanban.guard_card(v_old, p_actor, null, p_epoch);
    v_now := clock_timestamp();
    if v_old.claimed_at + make_interval(secs => p_max_age) <= v_now then
        perform kanban.refuse('claim_too_old', jsonb_build_object('card', v_old.key));
    end if;
    v_new := v_old;
    v_new.lease_until := least(v_now + make_interval(secs => p_ttl), v_old.claimed_at + make_interval(secs => p_max_age));
    update kanban.cards set lease_until = v_new.lease_until where tenant_id = p_tenant and id = v_old.id;
    perform kanban.append_event(p_tenant, v_old.board_id, 'card', v_old.id, 'card.claim_extended', p_actor, v_now,
                                kanban.state_edits(v_old, v_new));
    return v_new;
end $$;

-- Ends the claim. Work in progress stays where it is and can be claimed at once.
create function kanban.release_card(
    p_tenant text, p_actor jsonb, p_id uuid, p_key text, p_epoch bigint, p_reason text) returns kanban.cards
    language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    v_now timestamptz;
    v_old kanban.cards;
    v_new kanban.cards;
begin
    v_old := kanban.lock_card(p_tenant, kanban.card_id(p_tenant, p_id, p_key), false);
    perform kanban.guard_card(v_old, p_actor, null, p_epoch);
    v_now := clock_timestamp();
    v_new := kanban.without_claim(v_old);
    v_new.lease_until := case when v_old.status = 'doing' then v_now end;
    v_new.version := v_old.version + 1;
    v_new.updated_at := v_now;
    update kanban.cards
    set version = v_new.version, claim_agent = null, claimed_at = null, claim_kind = null, claim_ready_at = null,
        lease_until = v_new.lease_until, ready_at = v_now, updated_at = v_now, updated_hour = kanban.hour(v_now)
    where tenant_id = p_tenant and id = v_old.id;
    perform kanban.end_claims(array[v_old], array[v_now], array['released']);
    perform kanban.append_event(
        p_tenant, v_old.board_id, 'card', v_old.id, 'card.released', p_actor, v_now,
        kanban.state_edits(v_old, v_new) || jsonb_build_object('reason', p_reason));
    return v_new;
end $$;

-- Finishes claimed work, all of it on one board: into its first done column, and the claims end with it. Each card is named
-- by its id or, where that is null, by its key; each is there once.
create function kanban.complete_cards(
    p_tenant text, p_actors jsonb[], p_ids uuid[], p_keys text[], p_epochs bigint[]) returns setof kanban.cards
    language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    v_ids    uuid[] := p_ids;
    v_board  uuid;
    v_from   uuid[] := '{}';
    v_found  uuid[] := '{}';
    v_done   uuid;
    v_to     kanban.columns;
    v_room   kanban.columns;
    v_now    timestamptz;
    v_card   kanban.cards;
    v_place  integer;
    v_key    bigint;
    v_old    kanban.cards[] := '{}';
    v_new    kanban.cards[] := '{}';
    v_actors jsonb[] := '{}';
    v_nows   timestamptz[] := '{}';
begin
    for i in 1..cardinality(p_ids) loop
        if p_ids[i] is null then
            v_ids[i] := kanban.card_id(p_tenant, null, p_keys[i]);
        end if;
    end loop;
    for v_card.id, v_card.board_id, v_card.column_id in
        select id, board_id, column_id from kanban.cards
        where tenant_id = p_tenant and id = any (v_ids) and deleted_at is null
    loop
        v_board := v_card.board_id;
        v_found := v_found || v_card.id;
        v_from := v_from || v_card.column_id;
    end loop;
    if cardinality(v_found) <> cardinality(v_ids) then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'card'));
    end if;
    select id into v_done from kanban.columns
    where tenant_id = p_tenant and board_id = v_board and kind = 'done' and deleted_at is null
    order by position limit 1;
    perform 1 from kanban.columns where tenant_id = p_tenant and id = any (v_from || v_done)
    order by id for no key update;
    select * into v_to from kanban.columns
    where tenant_id = p_tenant and board_id = v_board and kind = 'done' and deleted_at is null
    order by position limit 1;
    v_room := v_to;
    v_now := clock_timestamp();
    -- with what they block, in the order of the ids
    for v_card in
        select * from kanban.cards
        where tenant_id = p_tenant and id = any (v_ids || array(
            select to_card from kanban.dependencies
            where tenant_id = p_tenant and from_card = any (v_ids) and type = 'blocks'))
        order by id for no key update
    loop
        v_place := array_position(v_ids, v_card.id);
        continue when v_place is null;
        -- the columns may have been reordered or deleted before the lock
        if v_card.column_id <> v_from[array_position(v_found, v_card.id)] or v_card.board_id <> v_board
           or v_to.id is distinct from v_done then
            perform kanban.try_again();
        end if;
        perform kanban.guard_card(v_card, p_actors[v_place], null, p_epochs[v_place]);
        if v_to.id is null then
            perform kanban.refuse('no_done_column');
        end if;
        perform kanban.require_room(v_room);
        v_room.cards := v_room.cards + 1;
        v_key := case when v_key is null then kanban.place_key(p_tenant, v_to, v_card.id, null, null, null)
                      else kanban.key_between(v_key, null, null) end;
        v_old := v_old || v_card;
        v_actors := v_actors || p_actors[v_place];
        v_card.position := v_key;
        v_new := v_new || v_card;
        v_now := greatest(v_now + interval '1 microsecond', v_card.column_since);
        v_nows := v_nows || v_now;
    end loop;
    foreach v_card in array kanban.shift_cards(
        v_actors, v_old, v_new, array_fill(v_to, array[cardinality(v_old)]), 'card.completed', v_nows)
    loop
        return next v_card;
    end loop;
end $$;
