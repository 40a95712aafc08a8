-- Undo: what one actor or one run did on a board in a stretch of time is taken back, by events of whoever asks for it. Here
-- is found what is to be undone and what stands against it; the next migration puts things back.

-- Whose changes, of when, on which board; of the actor and the run, a null one asks for nothing.
create type kanban.undo_scope as (board_id uuid, actor_id text, run_id text, since timestamptz, until timestamptz);

-- A thing that was changed so, and what is to become of it.
create type kanban.undo_step as (
    entity_type text, entity_id uuid,
    -- number of the last event that is undone
    seq bigint,
    -- when the first of them was; it may have brought the thing
    began timestamptz, is_new boolean,
    actions text[], actors text[],
    -- what each member was before them, and when they first changed it; a link as it was
    before jsonb, since jsonb, link jsonb,
    -- members to put back; deleted_at is whether it is to be deleted
    wanted jsonb,
    -- where a card or column goes back to; whether nobody else has placed or deleted it since; whether a claim ends;
    -- whether another undo has gone further back
    column_id uuid, behind uuid, is_placed boolean, is_ours boolean, releases boolean, is_covered boolean,
    -- whose doings are undone and since when, for the events that undo them
    undo jsonb,
    -- null while it is to be done, then reverted, unchanged, conflict or impossible, and why
    outcome text, reason jsonb);

-- On whatever board: what it did elsewhere meanwhile is not somebody else's.
create function kanban.is_undone(e kanban.events, p_scope kanban.undo_scope) returns boolean
    language sql immutable parallel safe
    return e.at >= (p_scope).since and e.at < (p_scope).until
        and e.actor_id = coalesce((p_scope).actor_id, e.actor_id)
        and e.run_id is not distinct from coalesce((p_scope).run_id, e.run_id);

-- How events that undo say whose doings they undo; they also say since when.
create function kanban.undo_mark(p_scope kanban.undo_scope) returns jsonb
    language sql immutable parallel safe
    return jsonb_strip_nulls(jsonb_build_object('actor', (p_scope).actor_id, 'run_id', (p_scope).run_id));

-- What is undone, and what undid it before, on another board or in part: going back over both leads to what was there.
create function kanban.leads_back(e kanban.events, p_scope kanban.undo_scope) returns boolean
    language sql immutable parallel safe
    return e.at >= (p_scope).since
        and (kanban.is_undone(e, p_scope) or coalesce((e.payload -> 'undo') - 'since' = kanban.undo_mark(p_scope), false));

-- The things that were changed, the last first, behind those whose last event has a number from p_before on.
create function kanban.undo_steps(p_tenant text, p_scope kanban.undo_scope, p_before bigint, p_most integer)
    returns setof kanban.undo_step
    language sql stable as $$
    with undone as materialized (
        select e.seq, e.at, e.entity_type, e.entity_id, e.action, e.actor_id, e.payload from kanban.events as e
        where e.tenant_id = p_tenant and e.stream = (p_scope).board_id
          and e.at >= (p_scope).since and e.at < (p_scope).until and kanban.is_undone(e, p_scope)),
    things as (
        select entity_type, entity_id, max(seq) as seq, min(at) as began, array_agg(distinct action) as actions,
               array_agg(distinct actor_id) as actors, (array_agg(action order by seq))[1] as first
        from undone group by entity_type, entity_id having max(seq) < p_before order by max(seq) desc limit p_most),
    members as (
        -- a card may have gone to another board by it, and what was done to it there belongs to that
        select distinct on (t.entity_id, b.key) t.entity_id, b.key, b.value, e.at
        from things as t join kanban.events as e on e.tenant_id = p_tenant and e.entity_id = t.entity_id and e.at >= t.began
        cross join lateral jsonb_each(e.payload -> 'before') as b
        where kanban.is_undone(e, p_scope)
        order by t.entity_id, b.key, e.at, e.seq)
    select t.entity_type, t.entity_id, t.seq, t.began, t.first like '%.created' or t.first = 'dependency.added', t.actions,
           t.actors, m.before, m.since,
           case when t.entity_type = 'dependency' then (
               select coalesce(u.payload -> 'after', u.payload -> 'before') from undone as u
               where u.entity_id = t.entity_id order by u.seq limit 1) end,
           '{}'::jsonb, null::uuid, null::uuid, false, false, false, false,
           kanban.undo_mark(p_scope) || jsonb_build_object('since', kanban.rfc3339(t.began)), null::text, null::jsonb
    from things as t
    cross join lateral (
        select coalesce(jsonb_object_agg(m.key, m.value), '{}') as before,
               coalesce(jsonb_object_agg(m.key, kanban.rfc3339(m.at)), '{}') as since
        from members as m where m.entity_id = t.entity_id) as m
    order by t.seq desc
$$;

-- The last event that changed one of these members behind what is undone, and is neither undone itself nor undid it before.
create function kanban.changed_since(
    p_tenant text, p_scope kanban.undo_scope, p_step kanban.undo_step, p_members text[]) returns jsonb
    language sql stable
    return (
        select jsonb_build_object(
            'code', 'changed_since', 'members', m.names, 'action', e.action, 'at', kanban.rfc3339(e.at),
            'actor', jsonb_build_object('kind', e.actor_kind, 'id', e.actor_id))
        from kanban.events as e
        cross join lateral (
            select array_agg(n.name order by n.name) as names from unnest(p_members) as n (name)
            where e.payload -> 'before' ? n.name
              and e.at > coalesce(((p_step).since ->> n.name)::timestamptz, (p_step).began)) as m
        where e.tenant_id = p_tenant and e.entity_id = (p_step).entity_id and e.at > (p_step).began
          and m.names is not null and not kanban.leads_back(e, p_scope)
        order by e.at desc, e.seq desc limit 1);

-- Whether the undo of the same doings on another board, where the thing was before, has gone further back.
create function kanban.is_covered(p_tenant text, p_scope kanban.undo_scope, p_step kanban.undo_step) returns boolean
    language sql stable
    return exists (
        select from kanban.events as e
        where e.tenant_id = p_tenant and e.entity_id = (p_step).entity_id and e.at > (p_step).began
          and kanban.leads_back(e, p_scope) and not kanban.is_undone(e, p_scope)
          and (e.payload #>> '{undo,since}')::timestamptz < (p_step).began);

-- What is to be put back of a thing that is p_now: of its p_members those that are not as they were. What somebody else
-- has changed since stands against it as a whole.
create function kanban.plan_undo(
    p_tenant text, p_scope kanban.undo_scope, p_step kanban.undo_step, p_now jsonb, p_members text[])
    returns kanban.undo_step
    language plpgsql as $$
declare
    v_is_deleted constant boolean := p_now is null or p_now ->> 'deleted_at' is not null;
    v_members    text[] := p_members;
begin
    p_step.is_covered := kanban.is_covered(p_tenant, p_scope, p_step);
    if p_step.is_covered then
        p_step.outcome := 'unchanged';
        return p_step;
    elsif p_step.is_new then
        p_step.wanted := case when v_is_deleted then '{}' else '{"deleted_at": true}' end;
    else
        select coalesce(jsonb_object_agg(w.key, w.value), '{}') into p_step.wanted
        from (select b.key, case b.key when 'deleted_at' then to_jsonb(b.value <> 'null') else b.value end as value
              from jsonb_each(p_step.before) as b where b.key = any (p_members)) as w
        where w.value::text is distinct from
              (case w.key when 'deleted_at' then to_jsonb(v_is_deleted) else p_now -> w.key end)::text;
        v_members := array(select jsonb_object_keys(p_step.wanted));
        if v_is_deleted and not p_step.wanted ? 'deleted_at' then
            v_members := v_members || 'deleted_at'::text;
        end if;
    end if;
    if p_step.wanted <> '{}' then
        p_step.reason := kanban.changed_since(p_tenant, p_scope, p_step, v_members);
    end if;
    p_step.outcome := case when p_step.reason is not null then 'conflict'
                           when p_step.wanted = '{}' then 'unchanged' end;
    return p_step;
end $$;

-- The same of a card, with its place and its claim.
create function kanban.plan_undo_card(p_tenant text, p_scope kanban.undo_scope, p_step kanban.undo_step)
    returns kanban.undo_step
    language plpgsql as $$
declare
    v_card kanban.cards;
    v_goes boolean;
    v_to   record;
begin
    select * into v_card from kanban.cards where tenant_id = p_tenant and id = p_step.entity_id;
    p_step := kanban.plan_undo(p_tenant, p_scope, p_step, kanban.card_doc(v_card), array[
        'title', 'description', 'external_id', 'labels', 'assignees', 'priority', 'due_at', 'fields', 'links',
        'agent_context', 'workflow_state', 'column_id', 'deleted_at']);
    p_step.is_ours := coalesce((
        select kanban.leads_back(e, p_scope) from kanban.events as e
        where e.tenant_id = p_tenant and e.entity_id = v_card.id
          and (e.action in ('card.created', 'card.deleted') or e.payload ?| array['after_card_id', 'was_after_card_id'])
        order by e.at desc, e.seq desc limit 1), false);
    if p_step.outcome = 'conflict' or p_step.is_covered then
        return p_step;
    end if;
    v_goes := coalesce((p_step.wanted ->> 'deleted_at')::boolean, v_card.deleted_at is not null);
    p_step.column_id := coalesce((p_step.wanted ->> 'column_id')::uuid, v_card.column_id);
    p_step.releases := v_card.claim_agent is not null and exists (
        select from kanban.events as e
        where e.tenant_id = p_tenant and e.entity_id = v_card.id and e.action = 'card.claimed'
          and (e.payload #>> '{after,claim,epoch}')::bigint = v_card.claim_epoch and kanban.is_undone(e, p_scope));
    -- where somebody else has put it since in the column where it belongs, it stays
    p_step.is_placed := not v_goes and (p_step.wanted ?| array['column_id', 'deleted_at']
        or v_card.board_id = p_scope.board_id and coalesce((
        select kanban.is_undone(e, p_scope) from kanban.events as e
        where e.tenant_id = p_tenant and e.entity_id = v_card.id and e.payload ? 'after_card_id'
          and (e.payload -> 'undo') - 'since' is distinct from kanban.undo_mark(p_scope)
        order by e.at desc, e.seq desc limit 1), false));
    if p_step.outcome is null and not p_step.releases and v_card.lease_until > clock_timestamp()
       and v_card.claim_agent <> all (p_step.actors) then
        p_step.reason := jsonb_build_object(
            'code', 'claimed', 'agent_id', v_card.claim_agent, 'until', kanban.rfc3339(v_card.lease_until));
    elsif p_step.wanted <> '{}' or p_step.releases then
        -- where it is, and where it goes
        select c.name, c.deleted_at is null as is_there,
               (select b.key from kanban.boards as b
                where b.tenant_id = p_tenant and b.id in (c.board_id, v_card.board_id)
                  and (b.archived_at is not null or b.deleted_at is not null) limit 1) as closed_board into v_to
        from kanban.columns as c where c.tenant_id = p_tenant and c.id = p_step.column_id;
        if not v_goes and not v_to.is_there then
            p_step.reason := jsonb_build_object('code', 'column_gone', 'column', v_to.name);
        elsif v_to.closed_board is not null then
            p_step.reason := jsonb_build_object('code', 'board_closed', 'board', v_to.closed_board);
        end if;
    end if;
    p_step.outcome := case
        when p_step.reason is not null then 'conflict'
        when p_step.wanted <> '{}' or p_step.releases or p_step.is_placed then null
        -- what is left of it is a lease, and that is not given back
        when p_step.actions <@ array['card.claimed', 'card.claim_extended', 'card.released'] then 'impossible'
        else 'unchanged' end;
    if p_step.outcome = 'impossible' then
        p_step.reason := '{"code": "lease_over"}';
    end if;
    return p_step;
end $$;

-- Takes a thing out of a list and, unless p_from is null, puts it back in the part that begins with p_from: behind
-- p_behind, or, where it knows no such thing, at the part's end. p_parts are the parts in their order.
create function kanban.put_back(p_list uuid[], p_id uuid, p_parts uuid[], p_from uuid, p_knows boolean, p_behind uuid)
    returns uuid[]
    language plpgsql immutable as $$
declare
    v_list uuid[] := array_remove(p_list, p_id);
    v_from integer := array_position(v_list, p_from);
    v_end  integer;
    v_at   integer;
begin
    if v_from is null then
        return v_list;
    end if;
    v_end := coalesce(array_position(v_list, p_parts[array_position(p_parts, p_from) + 1]) - 1, cardinality(v_list));
    v_at := case when not p_knows then v_end when p_behind is null then v_from else array_position(v_list, p_behind) end;
    if v_at is null or v_at not between v_from and v_end then
        v_at := v_end;
    end if;
    return v_list[:v_at] || p_id || v_list[v_at + 1:];
end $$;

-- The order that cards had before: of each column its id, then some of its cards in their order: those of p_steps, those
-- they stood behind, and what is in front of either now. So what a card of p_steps stands behind is the element before it.
create function kanban.cards_undone(
    p_tenant text, p_scope kanban.undo_scope, p_steps kanban.undo_step[], p_columns uuid[]) returns uuid[]
    language plpgsql as $$
declare
    v_shown uuid[];
    v_list  uuid[];
    v_event record;
begin
    v_shown := array(
        select s.entity_id from unnest(p_steps) as s
        union
        select (e.payload ->> 'was_after_card_id')::uuid
        from unnest(p_steps) as s
        join kanban.events as e on e.tenant_id = p_tenant and e.entity_id = s.entity_id and e.at >= s.began
        where e.payload ->> 'was_after_card_id' is not null and kanban.leads_back(e, p_scope));
    v_shown := v_shown || array(
        select kanban.card_before(p_tenant, c.column_id, c.position) from kanban.cards as c
        where c.tenant_id = p_tenant and c.id = any (v_shown) and c.deleted_at is null);
    v_list := array(
        select u.id
        from (select o.place, 0::bigint as position, o.id from unnest(p_columns) with ordinality as o (id, place)
              union all
              select o.place, c.position, c.id
              from unnest(p_columns) with ordinality as o (id, place)
              join kanban.cards as c on c.tenant_id = p_tenant and c.column_id = o.id and c.deleted_at is null
              where c.id = any (v_shown)) as u
        order by u.place, u.position);
    for v_event in
        -- an event of two boards counts once
        select distinct on (e.at, e.entity_id) e.entity_id, e.payload,
               e.action = 'card.created' or e.payload #>> '{before,deleted_at}' is not null as came,
               -- the column that it was in before: the one that the next change of columns says
               coalesce((
                   select (n.payload #>> '{before,column_id}')::uuid from kanban.events as n
                   where n.tenant_id = p_tenant and n.entity_id = e.entity_id and n.at >= e.at
                     and n.payload #>> '{before,column_id}' is not null and kanban.leads_back(n, p_scope)
                   order by n.at, n.seq limit 1), c.column_id) as column_id
        from unnest(p_steps) as s
        join kanban.events as e on e.tenant_id = p_tenant and e.entity_id = s.entity_id and e.at >= s.began
        join kanban.cards as c on c.tenant_id = p_tenant and c.id = e.entity_id
        where (e.action in ('card.created', 'card.deleted') or e.payload ?| array['after_card_id', 'was_after_card_id'])
          and kanban.leads_back(e, p_scope)
        order by e.at desc, e.entity_id, e.seq desc
    loop
        v_list := kanban.put_back(
            v_list, v_event.entity_id, p_columns, case when not v_event.came then v_event.column_id end,
            v_event.payload ? 'was_after_card_id', (v_event.payload ->> 'was_after_card_id')::uuid);
    end loop;
    return v_list;
end $$;

-- The order that the live columns of a board had before: the board's id, then they.
create function kanban.columns_undone(p_tenant text, p_scope kanban.undo_scope, p_columns uuid[]) returns uuid[]
    language plpgsql as $$
declare
    v_list  uuid[] := p_scope.board_id || array(
        select id from kanban.columns
        where tenant_id = p_tenant and board_id = p_scope.board_id and deleted_at is null order by position);
    v_event record;
begin
    for v_event in
        select e.entity_id, e.payload, e.action = 'column.created' or e.payload #>> '{before,deleted_at}' is not null as came
        from kanban.events as e
        where e.tenant_id = p_tenant and e.stream = p_scope.board_id and e.entity_id = any (p_columns)
          and (e.action in ('column.created', 'column.deleted')
               or e.payload ?| array['after_column_id', 'was_after_column_id'])
          and kanban.leads_back(e, p_scope)
        order by e.seq desc
    loop
        v_list := kanban.put_back(
            v_list, v_event.entity_id, v_list[:1], case when not v_event.came then p_scope.board_id end,
            v_event.payload ? 'was_after_column_id', (v_event.payload ->> 'was_after_column_id')::uuid);
    end loop;
    return v_list;
end $$;

-- Cards that would come back into a column with no room for them stay where they are, those that were changed first before
-- the others. As they stay, there may be less room elsewhere.
create function kanban.fit_wip_limits(p_tenant text, p_steps kanban.undo_step[]) returns kanban.undo_step[]
    language plpgsql as $$
declare
    v_full record;
    v_at   integer;
begin
    loop
        select c.id, c.name, c.wip_limit into v_full
        from (select s.column_id as to_column, case when k.deleted_at is null then k.column_id end as from_column,
                     coalesce((s.wanted ->> 'deleted_at')::boolean, k.deleted_at is not null) as goes
              from unnest(p_steps) as s join kanban.cards as k on k.tenant_id = p_tenant and k.id = s.entity_id
              where s.entity_type = 'card' and s.outcome is null) as m
        join kanban.columns as c on c.tenant_id = p_tenant
             and (c.id = m.from_column or (c.id = m.to_column and not m.goes))
        where m.goes or m.from_column is distinct from m.to_column
        group by c.id, c.name, c.wip_limit, c.cards
        having count(*) filter (where c.id = m.to_column and not m.goes) > 0
           and c.cards + count(*) filter (where c.id = m.to_column and not m.goes)
               - count(*) filter (where c.id = m.from_column) > c.wip_limit
        order by c.id limit 1;
        exit when not found;
        select u.i into v_at
        from generate_subscripts(p_steps, 1) as u (i)
        join kanban.cards as k on k.tenant_id = p_tenant and k.id = p_steps[u.i].entity_id
        where p_steps[u.i].outcome is null and p_steps[u.i].column_id = v_full.id and p_steps[u.i].is_placed
          and (k.deleted_at is not null or k.column_id <> v_full.id)
        order by p_steps[u.i].seq limit 1;
        p_steps[v_at].outcome := 'conflict';
        p_steps[v_at].reason := jsonb_build_object(
            'code', 'wip_limit_reached', 'column', v_full.name, 'limit', v_full.wip_limit);
    end loop;
    return p_steps;
end $$;

-- Everything that will be written is locked, in the lock order, and what is to be undone is what it was before the locks.
create function kanban.lock_for_undo(p_tenant text, p_scope kanban.undo_scope, p_before bigint, p_most integer)
    returns kanban.undo_step[]
    language plpgsql as $$
declare
    v_steps  kanban.undo_step[];
    v_cards  uuid[];
    v_boards uuid[];
    v_locks  uuid[];
begin
    v_steps := array(select s from kanban.undo_steps(p_tenant, p_scope, p_before, p_most) as s);
    perform 1 from kanban.workspaces
    where tenant_id = p_tenant and id = any (array(
        select (s.before ->> 'workspace_id')::uuid from unnest(v_steps) as s where s.entity_type = 'board'))
    order by id for share;
    perform kanban.lock_dependency_graph(p_tenant);
    v_cards := array(select s.entity_id from unnest(v_steps) as s where s.entity_type = 'card');
    v_boards := p_scope.board_id || array(
        select board_id from kanban.cards where tenant_id = p_tenant and id = any (v_cards)
        union
        select c.board_id from unnest(v_steps) as s
        join kanban.columns as c on c.tenant_id = p_tenant and c.id = (s.before ->> 'column_id')::uuid
        where s.entity_type = 'card');
    -- what they block is written with them, and what a board that comes back or goes blocks
    v_locks := v_cards || array(
        select d.to_card from kanban.dependencies as d join kanban.cards as c on c.tenant_id = p_tenant and c.id = d.from_card
        where d.tenant_id = p_tenant and d.type = 'blocks' and (d.from_card = any (v_cards) or (
            c.board_id = p_scope.board_id and exists (
                select from unnest(v_steps) as s where s.entity_type = 'board' and s.before ? 'archived_at'))));
    v_locks := v_locks || array(
        select (s.link ->> e.side)::uuid from unnest(v_steps) as s, (values ('from_card_id'), ('to_card_id')) as e (side)
        where s.entity_type = 'dependency'
        union
        select card_id from kanban.comments
        where tenant_id = p_tenant
          and id = any (array(select s.entity_id from unnest(v_steps) as s where s.entity_type = 'comment'))
        union
        select card_id from kanban.attachments
        where tenant_id = p_tenant
          and id = any (array(select s.entity_id from unnest(v_steps) as s where s.entity_type = 'attachment')));
    perform 1 from kanban.columns where tenant_id = p_tenant and board_id = any (v_boards) order by id for no key update;
    perform 1 from kanban.cards where tenant_id = p_tenant and id = any (v_locks) order by id for no key update;
    perform 1 from kanban.boards
    where tenant_id = p_tenant and id = any (v_boards || array(
        select board_id from kanban.cards where tenant_id = p_tenant and id = any (v_locks)))
    order by id for no key update;
    if exists (select from kanban.cards
               where tenant_id = p_tenant and id = any (v_cards) and board_id <> all (v_boards))
       or v_steps is distinct from
          array(select s from kanban.undo_steps(p_tenant, p_scope, p_before, p_most) as s) then
        perform kanban.try_again();
    end if;
    return v_steps;
end $$;
