-- Cards: where they stand, what they say, how they come and go.
--
-- Lock order, everywhere: the dependency graph, columns by id, cards by id, boards last (append_event).

-- Spreads the position keys around one spot of a column again. Bounded: it takes more neighbours in only while those it
-- has are too close together. Order does not change, so neither versions nor events do.
create function kanban.respread(p_tenant text, p_column uuid, p_around bigint) returns void
    language plpgsql as $$
declare
    c_gap    constant bigint := 4294967296;
    v_window integer := 32;
    v_first  bigint;
    v_last   bigint;
    v_rows   bigint;
    v_low    bigint;
    v_high   bigint;
    v_step   bigint;
    v_number bigint;
begin
    loop
        select min(w.position), max(w.position), count(*) into v_first, v_last, v_rows
        from ((select position from kanban.cards
               where tenant_id = p_tenant and column_id = p_column and deleted_at is null and position <= p_around
               order by position desc limit v_window)
              union all
              (select position from kanban.cards
               where tenant_id = p_tenant and column_id = p_column and deleted_at is null and position > p_around
               order by position limit v_window)) as w;
        select max(position) into v_low from kanban.cards
        where tenant_id = p_tenant and column_id = p_column and deleted_at is null and position < v_first;
        select min(position) into v_high from kanban.cards
        where tenant_id = p_tenant and column_id = p_column and deleted_at is null and position > v_last;
        -- beyond the first and the last card there is room for as much as is needed
        v_step := (coalesce(v_high, v_last + c_gap * v_rows) - coalesce(v_low, v_first - c_gap * v_rows)) / (v_rows + 1);
        exit when v_step >= 1048576 or (v_low is null and v_high is null);
        v_window := v_window * 4;
    end loop;
    v_low := coalesce(v_low, v_first - c_gap * v_rows);
    v_high := coalesce(v_high, v_last + c_gap * v_rows);
    update kanban.columns set respreads = respreads + 1 where tenant_id = p_tenant and id = p_column
    returning respreads into v_number;
    insert into kanban.respreads (tenant_id, column_id, number, at, low, high, keys, step)
    select p_tenant, p_column, v_number, clock_timestamp(), v_low, v_high, array_agg(position order by position), v_step
    from kanban.cards
    where tenant_id = p_tenant and column_id = p_column and deleted_at is null and position between v_first and v_last;
    delete from kanban.respreads
    where tenant_id = p_tenant and column_id = p_column and at < clock_timestamp() - interval '1 day';
    perform 1 from kanban.cards
    where tenant_id = p_tenant and column_id = p_column and deleted_at is null and position between v_first and v_last
    order by id for no key update;
    -- two steps through negative keys, for the unique index looks at every row on its own
    update kanban.cards as c set position = -(v_low + w.place * v_step)
    from (select id, row_number() over (order by position) as place from kanban.cards
          where tenant_id = p_tenant and column_id = p_column and deleted_at is null
            and position between v_first and v_last) as w
    where c.tenant_id = p_tenant and c.id = w.id;
    update kanban.cards set position = -position
    where tenant_id = p_tenant and column_id = p_column and deleted_at is null and position < 0;
end $$;

-- Where a cut between two keys of a column is now, for who made it when the column had been spread out p_respreads times:
-- what was on one side of it is there still, unless it was moved.
create function kanban.cut_now(p_tenant text, p_column uuid, p_cut bigint, p_respreads bigint) returns bigint
    language plpgsql stable as $$
declare
    v_next bigint := p_respreads;
    v_done kanban.respreads;
begin
    for v_done in
        select * from kanban.respreads
        where tenant_id = p_tenant and column_id = p_column and number > p_respreads order by number
    loop
        v_next := v_next + 1;
        exit when v_done.number <> v_next;
        if p_cut >= v_done.low and p_cut < v_done.high then
            p_cut := v_done.low + v_done.step * (select count(*) from unnest(v_done.keys) as k where k <= p_cut);
        end if;
    end loop;
    if v_next < (select respreads from kanban.columns where tenant_id = p_tenant and id = p_column) then
        perform kanban.refuse('cursor_too_old');
    end if;
    return p_cut;
end $$;

-- The position key for p_card in a column whose row is locked: behind p_after, or before p_before, or at the zero-based
-- p_place, or at the end.
create function kanban.place_key(
    p_tenant text, p_column kanban.columns, p_card uuid, p_after uuid, p_before uuid, p_place integer) returns bigint
    language plpgsql as $$
declare
    v_low   bigint;
    v_high  bigint;
    v_key   bigint;
begin
    for attempt in 1..2 loop
        v_low := null;
        v_high := null;
        if p_after is not null or p_before is not null then
            select position into v_low from kanban.cards
            where tenant_id = p_tenant and id = case when p_after is null then p_before else p_after end and column_id = p_column.id
              and deleted_at is null and id is distinct from p_card;
            if not found then
                perform kanban.refuse('neighbour_elsewhere', jsonb_build_object(
                    'field', case when p_after is null then 'before_id' else 'after_id' end, 'column', p_column.name));
            end if;
        elsif p_place is not null then
            select position into v_low from kanban.cards
            where tenant_id = p_tenant and column_id = p_column.id and deleted_at is null and id is distinct from p_card
            order by position offset p_place limit 1;
        end if;
        if p_after is null and v_low is not null then
            -- what was found is the card that will follow
            v_high := v_low;
            select max(position) into v_low from kanban.cards
            where tenant_id = p_tenant and column_id = p_column.id and deleted_at is null and position < v_high
              and id is distinct from p_card;
        elsif v_low is not null then
            select min(position) into v_high from kanban.cards
            where tenant_id = p_tenant and column_id = p_column.id and deleted_at is null and position > v_low
              and id is distinct from p_card;
        else
            select max(position) into v_low from kanban.cards
            where tenant_id = p_tenant and column_id = p_column.id and deleted_at is null and id is distinct from p_card;
        end if;
        v_key := kanban.key_between(v_low, v_high, p_column.last_key);
        if v_key is not null then
            return v_key;
        end if;
        perform kanban.respread(p_tenant, p_column.id, v_low);
    end loop;
    raise exception 'no room in column % after spreading its cards', p_column.id;
end $$;

-- The card that stands before a place. No sort: in a database without statistics one of the column's cards looks as cheap
-- as the end of its index, and that plan would be kept while the column grows.
create function kanban.card_before(p_tenant text, p_column uuid, p_key bigint) returns uuid
    language plpgsql stable set enable_sort = off as $$
begin
    return (select id from kanban.cards
            where tenant_id = p_tenant and column_id = p_column and deleted_at is null and position < p_key
            order by position desc limit 1);
end $$;

-- The same for each of these cards where they stand, when those of p_gone that come earlier in the list have left.
create function kanban.cards_before(p_tenant text, p_cards kanban.cards[], p_gone uuid[]) returns uuid[]
    language plpgsql stable set enable_sort = off as $$
begin
    return array(
        select (select b.id from kanban.cards as b
                where b.tenant_id = p_tenant and b.column_id = c.column_id and b.deleted_at is null
                  and b.position < c.position and b.id <> all (p_gone[:c.ordinality - 1])
                order by b.position desc limit 1)
        from unnest(p_cards) with ordinality as c order by c.ordinality);
end $$;

-- Locks a card, and its dependents too where the mutation may resolve or reopen it, in the order of their ids.
create function kanban.lock_card(p_tenant text, p_id uuid, p_dependents boolean) returns kanban.cards
    language plpgsql as $$
declare
    v_any kanban.cards;
    v_row kanban.cards;
begin
    if not p_dependents then
        select * into v_row from kanban.cards where tenant_id = p_tenant and id = p_id for no key update;
        return v_row;
    end if;
    for v_any in
        select * from kanban.cards
        where tenant_id = p_tenant and id = any (array(
            select p_id union all
            select to_card from kanban.dependencies
            where tenant_id = p_tenant and from_card = p_id and type = 'blocks'))
        order by id for no key update
    loop
        if v_any.id = p_id then
            v_row := v_any;
        end if;
    end loop;
    return v_row;
end $$;

-- Refuses a write to a card under p_epoch where that is not its claim, or not its caller's. What an agent takes for its own
-- while another one holds the card is a foreign claim: it is told who that is, and until when. Otherwise its own claim is
-- over, and past_claims knows how it ended.
create function kanban.require_claim(c kanban.cards, p_actor jsonb, p_epoch bigint) returns void
    language plpgsql as $$
declare
    v_is_agent constant boolean := p_actor ->> 'kind' = 'agent';
    v_holder   text;
    v_ended    text;
begin
    -- people and the system work under anybody's claim
    if c.claim_epoch = p_epoch and (c.claim_agent = p_actor ->> 'id' or (c.claim_agent is not null and not v_is_agent)) then
        return;
    end if;
    v_holder := case when c.lease_until > clock_timestamp() then c.claim_agent end;
    select outcome into v_ended from kanban.past_claims
    where tenant_id = c.tenant_id and card_id = c.id and epoch = p_epoch
      and (not v_is_agent or agent_id = p_actor ->> 'id');
    if v_is_agent and v_ended is null and v_holder <> p_actor ->> 'id' then
        perform kanban.refuse('claimed', jsonb_build_object(
            'card', c.key, 'agent_id', v_holder, 'until', kanban.rfc3339(c.lease_until)));
    end if;
    perform kanban.refuse('stale_claim', jsonb_strip_nulls(jsonb_build_object(
        'card', c.key, 'actual', c.claim_epoch, 'board_id', c.board_id, 'ended', v_ended, 'agent_id', v_holder,
        'until', case when v_holder is not null then kanban.rfc3339(c.lease_until) end)));
end $$;

-- The rules every write to a card obeys: a named claim must be the current one, another agent's live claim keeps agents
-- out, a named version must be the current one.
create function kanban.guard_card(c kanban.cards, p_actor jsonb, p_version bigint, p_epoch bigint) returns void
    language plpgsql as $$
begin
    if c.id is null or c.deleted_at is not null then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'card'));
    end if;
    if p_epoch is not null then
        perform kanban.require_claim(c, p_actor, p_epoch);
    elsif p_actor ->> 'kind' = 'agent' and c.claim_agent <> p_actor ->> 'id'
          and c.lease_until > clock_timestamp() then
        perform kanban.refuse('claimed', jsonb_build_object(
            'card', c.key, 'agent_id', c.claim_agent, 'until', kanban.rfc3339(c.lease_until)));
    end if;
    if c.version <> p_version then
        perform kanban.refuse('version_conflict', jsonb_build_object('actual', c.version, 'board_id', c.board_id));
    end if;
end $$;

-- Cards that are resolved, or open again, count in what they block.
create function kanban.count_as_blockers(p_tenant text, p_cards uuid[], p_delta integer, p_now timestamptz) returns void
    language plpgsql as $$
declare
    -- a card as often as it is blocked by these
    v_blocked uuid[] := array(
        select to_card from kanban.dependencies
        where tenant_id = p_tenant and from_card = any (p_cards) and type = 'blocks');
begin
    if v_blocked = '{}' then
        return;
    end if;
    update kanban.cards
    set open_blockers = open_blockers + p_delta * cardinality(array_positions(v_blocked, id)),
        ready_at = case when open_blockers + p_delta * cardinality(array_positions(v_blocked, id)) = 0
                        then p_now else ready_at end
    where tenant_id = p_tenant and id = any (v_blocked);
end $$;

create function kanban.without_claim(c kanban.cards) returns kanban.cards
    language plpgsql immutable as $$
begin
    c.claim_agent := null;
    c.claimed_at := null;
    c.claim_kind := null;
    c.claim_ready_at := null;
    c.lease_until := null;
    return c;
end $$;

-- What entering a column of this kind makes of a card.
create function kanban.enter_column(c kanban.cards, p_column kanban.columns, p_now timestamptz) returns kanban.cards
    language plpgsql immutable as $$
begin
    -- from one queue to another it goes on waiting
    if c.status is null or c.status not in ('backlog', 'todo') or p_column.kind not in ('backlog', 'todo') then
        c.ready_at := p_now;
    end if;
    c.board_id := p_column.board_id;
    c.column_id := p_column.id;
    c.status := p_column.kind;
    c.column_since := p_now;
    c.visit := c.visit + 1;
    if p_column.kind in ('doing', 'done') then
        c.started_at := coalesce(c.started_at, p_now);
    end if;
    if p_column.kind = 'done' then
        c.finished_at := coalesce(c.finished_at, p_now);
        c := kanban.without_claim(c);
    else
        c.finished_at := null;
    end if;
    return c;
end $$;

-- Writes the rows of several cards, of the visits that end (p_leaving, until the cards' updated_at) and of those that begin,
-- with what they mean. The planner is told to look rows up, as it would keep a plan that reads a table whole from when that
-- was small.
create function kanban.write_card_rows(
    p_tenant text, p_cards kanban.cards[], p_leaving kanban.cards[], p_entering kanban.cards[], p_effects text[],
    p_workers jsonb[], p_ranks smallint[]) returns void
    language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    update kanban.cards as c
    set version = n.version, board_id = n.board_id, column_id = n.column_id, position = n.position, status = n.status,
        started_at = n.started_at, finished_at = n.finished_at, column_since = n.column_since, visit = n.visit,
        claim_agent = n.claim_agent, claim_epoch = n.claim_epoch, claimed_at = n.claimed_at, lease_until = n.lease_until,
        ready_at = n.ready_at, claim_kind = n.claim_kind, claim_ready_at = n.claim_ready_at, updated_at = n.updated_at,
        updated_hour = kanban.hour(n.updated_at), deleted_at = n.deleted_at
    from unnest(p_cards) as n where c.tenant_id = p_tenant and c.id = n.id;
    with ended as (
        update kanban.column_visits as v set left_at = o.updated_at, stay_class = kanban.stay_class(v.entered_at, o.updated_at)
        from unnest(p_leaving) as o where v.tenant_id = p_tenant and v.card_id = o.id and v.visit = o.visit
        returning v.card_id, greatest(v.furthest, kanban.kind_rank(v.kind)) as furthest
    )
    insert into kanban.column_visits (tenant_id, card_id, visit, board_id, column_id, kind, entered_at, is_wip, effect,
                                      furthest, worker_kind, worker_id)
    select p_tenant, n.id, n.visit, n.board_id, n.column_id, n.status, n.column_since,
           n.started_at is not null and n.finished_at is null, p_effects[n.ordinality],
           coalesce(p_ranks[n.ordinality], e.furthest, 0), p_workers[n.ordinality] ->> 'kind',
           p_workers[n.ordinality] ->> 'id'
    from unnest(p_entering) with ordinality as n left join ended as e on e.card_id = n.id;
end $$;

-- Writes where cards stand and who holds them, and all that follows but the events: counts, visits, dependents, the ends of
-- claims. p_new carries the claim, the place and the deletion to write, p_to the column of each card; the columns of both
-- sides are locked. Each card has a moment of its own, behind those before it: histories are read in that order. What a
-- write costs beside its rows, many cards pay together; one card alone is written without arrays, which cost more than they
-- bring.
create function kanban.settle_cards(
    p_actors jsonb[], p_old kanban.cards[], p_new kanban.cards[], p_to kanban.columns[], p_nows timestamptz[])
    returns kanban.cards[]
    language plpgsql as $$
declare
    v_tenant    constant text := (p_old[1]).tenant_id;
    v_old       kanban.cards;
    v_new       kanban.cards;
    v_to        kanban.columns;
    v_now       timestamptz;
    v_was_live  boolean;
    v_is_live   boolean;
    v_moves     boolean;
    v_is_held   boolean;
    v_was_open  boolean;
    v_is_open   boolean;
    v_effect    text;
    v_worker    jsonb;
    v_furthest  smallint;
    v_board     uuid;
    v_written   kanban.cards[] := '{}';
    -- columns: one that a card leaves, or comes to, and those in which it gets a key, the last one first
    v_left      uuid[] := '{}';
    v_entered   uuid[] := '{}';
    v_keyed     uuid[] := '{}';
    v_keys      bigint[] := '{}';
    -- visits that end, and what is to be known of those that begin
    v_leaving   kanban.cards[] := '{}';
    v_entering  kanban.cards[] := '{}';
    v_effects   text[] := '{}';
    v_workers   jsonb[] := '{}';
    v_ranks     smallint[] := '{}';
    v_ended     kanban.cards[] := '{}';
    v_ends      timestamptz[] := '{}';
    v_outcomes  text[] := '{}';
    v_resolved  uuid[] := '{}';
    v_reopened  uuid[] := '{}';
begin
    for i in 1..cardinality(p_old) loop
        v_old := p_old[i];
        v_new := p_new[i];
        v_to := p_to[i];
        v_now := p_nows[i];
        v_was_live := v_old.deleted_at is null;
        v_is_live := v_new.deleted_at is null;
        v_moves := v_to.id <> v_old.column_id or not v_was_live;
        v_was_open := v_was_live and v_old.finished_at is null;
        -- a claim stands for its agent's work until its lease ends, and beyond that where the agent itself goes on
        v_is_held := v_old.claim_agent is not null
            and (v_old.lease_until > v_now
                 or (p_actors[i] ->> 'kind' = 'agent' and p_actors[i] ->> 'id' = v_old.claim_agent));
        if v_moves and v_is_live then
            v_new := kanban.enter_column(v_new, v_to, v_now);
            if not v_was_live then
                v_new.ready_at := v_now;
            end if;
        end if;
        v_is_open := v_is_live and v_new.finished_at is null;
        v_new.version := v_old.version + 1;
        v_new.updated_at := v_now;
        v_written := v_written || v_new;
        if v_was_live and (v_moves or not v_is_live) then
            v_left := v_left || v_old.column_id;
            -- until now
            v_old.updated_at := v_now;
            v_leaving := v_leaving || v_old;
        end if;
        if v_is_live and (v_moves or v_new.position <> v_old.position) then
            v_keyed := v_to.id || v_keyed;
            v_keys := v_new.position || v_keys;
        end if;
        if v_is_live and v_moves then
            v_entered := v_entered || v_to.id;
            v_effect := case
                when v_new.finished_at is not null and v_old.finished_at is null then 'finished'
                when v_new.finished_at is null and v_old.finished_at is not null then 'reopened'
                when not v_was_live then 'restored' end;
            v_worker := null;
            if v_effect = 'finished' then
                v_worker := case when v_is_held then jsonb_build_object('kind', 'agent', 'id', v_old.claim_agent)
                                 else p_actors[i] end;
            end if;
            v_furthest := null;
            if not v_was_live or v_new.board_id <> v_old.board_id then
                select greatest(v.furthest, kanban.kind_rank(v.kind)) into v_furthest from kanban.column_visits as v
                where v.tenant_id = v_tenant and v.card_id = v_old.id and v.board_id = v_new.board_id
                order by v.visit desc limit 1;
                v_furthest := coalesce(v_furthest, 0);
            end if;
            v_entering := v_entering || v_new;
            v_effects := array_append(v_effects, v_effect);
            v_workers := array_append(v_workers, v_worker);
            v_ranks := array_append(v_ranks, v_furthest);
        end if;
        if v_old.claim_agent is not null and (v_new.claim_agent is null or v_new.claim_epoch <> v_old.claim_epoch) then
            v_ended := v_ended || v_old;
            v_ends := v_ends || v_now;
            v_outcomes := v_outcomes || case
                when v_new.claim_agent is not null and v_old.lease_until > v_now then 'renewed'
                when v_new.claim_agent is not null or not v_is_held then 'expired'
                when not v_is_live then 'deleted' when v_new.finished_at is not null then 'completed'
                else 'released' end;
        end if;
        if v_was_open and not v_is_open then
            v_resolved := v_resolved || v_old.id;
        elsif v_is_open and not v_was_open then
            v_reopened := v_reopened || v_old.id;
        end if;
        if v_was_open <> v_is_open and v_board is distinct from v_old.board_id then
            -- the event would refuse it as well, but what an archived board's cards block has been counted off already
            v_board := v_old.board_id;
            perform kanban.require_open_board(v_tenant, v_board);
        end if;
    end loop;
    if v_left <> '{}' or v_keyed <> '{}' then
        update kanban.columns
        set cards = cards + cardinality(array_positions(v_entered, id)) - cardinality(array_positions(v_left, id)),
            last_key = coalesce(v_keys[array_position(v_keyed, id)], last_key)
        where tenant_id = v_tenant and id = any (v_left || v_keyed);
    end if;
    if cardinality(p_old) > 1 then
        perform kanban.write_card_rows(v_tenant, v_written, v_leaving, v_entering, v_effects, v_workers, v_ranks);
    else
        update kanban.cards
        set version = v_new.version, board_id = v_new.board_id, column_id = v_new.column_id, position = v_new.position,
            status = v_new.status, started_at = v_new.started_at, finished_at = v_new.finished_at,
            column_since = v_new.column_since, visit = v_new.visit, claim_agent = v_new.claim_agent,
            claim_epoch = v_new.claim_epoch, claimed_at = v_new.claimed_at, lease_until = v_new.lease_until,
            ready_at = v_new.ready_at, claim_kind = v_new.claim_kind, claim_ready_at = v_new.claim_ready_at,
            updated_at = v_new.updated_at, updated_hour = kanban.hour(v_new.updated_at), deleted_at = v_new.deleted_at
        where tenant_id = v_tenant and id = v_old.id;
        if v_leaving <> '{}' then
            update kanban.column_visits set left_at = v_now, stay_class = kanban.stay_class(entered_at, v_now)
            where tenant_id = v_tenant and card_id = v_old.id and visit = v_old.visit
            returning coalesce(v_furthest, greatest(furthest, kanban.kind_rank(kind))) into v_furthest;
        end if;
        if v_entering <> '{}' then
            insert into kanban.column_visits (tenant_id, card_id, visit, board_id, column_id, kind, entered_at, is_wip,
                                              effect, furthest, worker_kind, worker_id)
            values (v_tenant, v_new.id, v_new.visit, v_new.board_id, v_new.column_id, v_new.status, v_now,
                    v_new.started_at is not null and v_new.finished_at is null, v_effect, coalesce(v_furthest, 0),
                    v_worker ->> 'kind', v_worker ->> 'id');
        end if;
    end if;
    for i in 1..cardinality(p_old) loop
        if (v_written[i]).board_id <> (p_old[i]).board_id then
            perform kanban.index_board(v_tenant, (p_old[i]).id, (v_written[i]).board_id);
        end if;
    end loop;
    if v_ended <> '{}' then
        perform kanban.end_claims(v_ended, v_ends, v_outcomes);
    end if;
    if v_resolved <> '{}' then
        perform kanban.count_as_blockers(v_tenant, v_resolved, -1, v_now);
    end if;
    if v_reopened <> '{}' then
        perform kanban.count_as_blockers(v_tenant, v_reopened, 1, v_now);
    end if;
    return v_written;
end $$;

-- Appends the events of cards on open boards. Between boards one is part of both histories. The board that a card comes to
-- has not seen it yet, so there it tells all of it. Boards lock in the order of their ids.
create function kanban.append_card_events(
    p_actors jsonb[], p_old kanban.cards[], p_new kanban.cards[], p_action text, p_nows timestamptz[], p_payloads jsonb[])
    returns void
    language plpgsql as $$
declare
    v_tenant   constant text := (p_old[1]).tenant_id;
    v_boards   uuid[] := '{}';
    v_board    uuid;
    v_was      uuid;
    v_is       uuid;
    v_cards    uuid[];
    v_actors   jsonb[];
    v_nows     timestamptz[];
    v_payloads jsonb[];
begin
    if cardinality(p_old) = 1 and (p_old[1]).board_id = (p_new[1]).board_id then
        perform kanban.append_event(v_tenant, (p_new[1]).board_id, 'card', (p_new[1]).id, p_action, p_actors[1], p_nows[1],
                                    p_payloads[1], true);
        return;
    end if;
    for i in 1..cardinality(p_old) loop
        v_was := (p_old[i]).board_id;
        v_is := (p_new[i]).board_id;
        if v_was <> all (v_boards) then
            v_boards := v_boards || v_was;
        end if;
        if v_is <> all (v_boards) then
            v_boards := v_boards || v_is;
        end if;
    end loop;
    if cardinality(v_boards) > 1 then
        v_boards := array(select b.id from unnest(v_boards) as b (id) order by b.id);
    end if;
    foreach v_board in array v_boards loop
        v_cards := '{}';
        v_actors := '{}';
        v_nows := '{}';
        v_payloads := '{}';
        for i in 1..cardinality(p_old) loop
            v_was := (p_old[i]).board_id;
            v_is := (p_new[i]).board_id;
            if v_board = v_is and v_is <> v_was then
                v_payloads := v_payloads || (p_payloads[i] || jsonb_build_object('after', kanban.card_doc(p_new[i])));
            elsif v_board = v_is or v_board = v_was then
                v_payloads := v_payloads || p_payloads[i];
            else
                continue;
            end if;
            v_cards := v_cards || (p_new[i]).id;
            v_actors := v_actors || p_actors[i];
            v_nows := v_nows || p_nows[i];
        end loop;
        perform kanban.write_events(
            v_tenant, v_board, kanban.next_event(v_tenant, v_board, true, cardinality(v_cards)), 'card', v_cards, p_action,
            v_actors, v_nows, v_payloads);
    end loop;
end $$;

-- Writes where cards stand and who holds them, and all that follows, with the events, as if it were done one after the
-- other. A place is told as others can rebuild it: the card that it is now behind, and the one it was behind, null at the
-- top.
create function kanban.shift_cards(
    p_actors jsonb[], p_old kanban.cards[], p_new kanban.cards[], p_to kanban.columns[], p_action text, p_nows timestamptz[])
    returns kanban.cards[]
    language plpgsql as $$
declare
    c_nil      constant uuid := '00000000-0000-0000-0000-000000000000';
    v_tenant   constant text := (p_old[1]).tenant_id;
    v_old      kanban.cards;
    v_new      kanban.cards;
    v_written  kanban.cards[];
    -- those that leave their places, the nil UUID for those that stay
    v_leave    uuid[] := '{}';
    v_was      uuid[];
    v_is       uuid[];
    v_moves    boolean;
    v_payload  jsonb;
    v_payloads jsonb[] := '{}';
begin
    for i in 1..cardinality(p_old) loop
        v_moves := (p_to[i]).id <> (p_old[i]).column_id or (p_new[i]).position <> (p_old[i]).position
            or (p_new[i]).deleted_at is not null;
        v_leave := v_leave || case when v_moves then (p_old[i]).id else c_nil end;
    end loop;
    if cardinality(p_old) > 1 then
        v_was := kanban.cards_before(v_tenant, p_old, v_leave);
        v_written := kanban.settle_cards(p_actors, p_old, p_new, p_to, p_nows);
        v_is := kanban.cards_before(v_tenant, v_written, '{}');
    else
        v_was[1] := kanban.card_before(v_tenant, (p_old[1]).column_id, (p_old[1]).position);
        v_written := kanban.settle_cards(p_actors, p_old, p_new, p_to, p_nows);
        v_is[1] := kanban.card_before(v_tenant, (v_written[1]).column_id, (v_written[1]).position);
    end if;
    for i in 1..cardinality(p_old) loop
        v_old := p_old[i];
        v_new := v_written[i];
        v_payload := kanban.state_edits(v_old, v_new);
        if v_old.deleted_at is null and v_leave[i] <> c_nil then
            v_payload := v_payload || jsonb_build_object('was_after_card_id', v_was[i]);
        end if;
        if v_new.deleted_at is null and (v_leave[i] <> c_nil or v_old.deleted_at is not null) then
            v_payload := v_payload || jsonb_build_object('after_card_id', v_is[i]);
        end if;
        v_payloads := v_payloads || v_payload;
    end loop;
    perform kanban.append_card_events(p_actors, p_old, v_written, p_action, p_nows, v_payloads);
    return v_written;
end $$;

create function kanban.shift_card(
    p_actor jsonb, p_old kanban.cards, p_new kanban.cards, p_to kanban.columns, p_key bigint, p_action text,
    p_now timestamptz) returns kanban.cards
    language plpgsql as $$
begin
    p_new.position := p_key;
    return (kanban.shift_cards(array[p_actor], array[p_old], array[p_new], array[p_to], p_action,
                               array[p_now]))[1];
end $$;

create function kanban.require_room(p_column kanban.columns) returns void
    language plpgsql as $$
begin
    if p_column.cards >= p_column.wip_limit then
        perform kanban.refuse('wip_limit_reached', jsonb_build_object(
            'column', p_column.name, 'limit', p_column.wip_limit));
    end if;
end $$;

create function kanban.create_card(
    p_tenant text, p_actor jsonb, p_column uuid, p_after uuid, p_before uuid, p_place integer, p_id uuid,
    p_external_id text, p_title text, p_description text, p_labels text[], p_assignees text[], p_priority smallint,
    p_due_at timestamptz, p_fields jsonb, p_links jsonb, p_agent_context jsonb, p_workflow_state jsonb)
    returns kanban.cards
    language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    v_now    timestamptz;
    v_column kanban.columns;
    v_board  kanban.boards;
    v_card   kanban.cards;
    v_after  uuid;
begin
    select * into v_column from kanban.columns
    where tenant_id = p_tenant and id = p_column and deleted_at is null for no key update;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'column'));
    end if;
    perform kanban.require_room(v_column);
    v_now := clock_timestamp();
    v_card.tenant_id := p_tenant;
    v_card.id := p_id;
    v_card.visit := 0;
    v_card := kanban.enter_column(v_card, v_column, v_now);
    v_card.position := kanban.place_key(p_tenant, v_column, p_id, p_after, p_before, p_place);
    v_after := kanban.card_before(p_tenant, p_column, v_card.position);
    update kanban.columns set cards = cards + 1, last_key = v_card.position where tenant_id = p_tenant and id = p_column;
    -- the card's number and its event's at once; nobody can lock the card before it is there
    update kanban.boards set next_number = next_number + 1, seq = seq + 1
    where tenant_id = p_tenant and id = v_column.board_id returning * into v_board;
    perform kanban.require_open(v_board);
    v_card.key := v_board.key || '-' || (v_board.next_number - 1);
    insert into kanban.cards (
        tenant_id, id, board_id, column_id, key, external_id, position, status, title, description, labels, assignees,
        priority, due_at, fields, links, agent_context, workflow_state, started_at, finished_at, column_since, visit,
        ready_at, created_by_kind, created_by_id, created_at, updated_at, updated_hour)
    values (
        p_tenant, p_id, v_card.board_id, v_card.column_id, v_card.key, p_external_id, v_card.position, v_card.status,
        p_title, p_description, p_labels, p_assignees, p_priority, p_due_at, p_fields, p_links, p_agent_context,
        p_workflow_state, v_card.started_at, v_card.finished_at, v_now, v_card.visit, v_now, p_actor ->> 'kind',
        p_actor ->> 'id', v_now, v_now, kanban.hour(v_now))
    returning * into v_card;
    insert into kanban.column_visits (tenant_id, card_id, visit, board_id, column_id, kind, entered_at, is_wip, effect,
                                      furthest, worker_kind, worker_id)
    values (p_tenant, p_id, v_card.visit, v_card.board_id, v_card.column_id, v_card.status, v_now,
            v_card.status = 'doing', case when v_card.status = 'done' then 'finished' end, 0,
            case when v_card.status = 'done' then p_actor ->> 'kind' end,
            case when v_card.status = 'done' then p_actor ->> 'id' end);
    perform kanban.index_cards(p_tenant, array[p_id]);
    perform kanban.write_event(p_tenant, v_board.id, v_board.seq, 'card', p_id, 'card.created', p_actor, v_now,
                               jsonb_build_object('after', kanban.card_doc(v_card), 'after_card_id', v_after));
    return v_card;
end $$;

-- What an update has changed, before and after, each member as kanban.card_doc has it. Two whole documents, compared member
-- by member, would cost as much as the rest of the update.
create function kanban.card_edits(o kanban.cards, n kanban.cards) returns jsonb
    language plpgsql stable as $$
declare
    c_priorities constant text[] := array['critical', 'high', 'medium', 'low', 'lowest'];
    v_before jsonb := jsonb_build_object('version', o.version, 'updated_at', kanban.rfc3339(o.updated_at));
    v_after  jsonb := jsonb_build_object('version', n.version, 'updated_at', kanban.rfc3339(n.updated_at));
begin
    if o.title <> n.title then
        v_before := v_before || jsonb_build_object('title', o.title);
        v_after := v_after || jsonb_build_object('title', n.title);
    end if;
    if o.description <> n.description then
        v_before := v_before || jsonb_build_object('description', o.description);
        v_after := v_after || jsonb_build_object('description', n.description);
    end if;
    if o.external_id is distinct from n.external_id then
        v_before := v_before || jsonb_build_object('external_id', o.external_id);
        v_after := v_after || jsonb_build_object('external_id', n.external_id);
    end if;
    if o.labels <> n.labels then
        v_before := v_before || jsonb_build_object('labels', o.labels);
        v_after := v_after || jsonb_build_object('labels', n.labels);
    end if;
    if o.assignees <> n.assignees then
        v_before := v_before || jsonb_build_object('assignees', o.assignees);
        v_after := v_after || jsonb_build_object('assignees', n.assignees);
    end if;
    if o.priority <> n.priority then
        v_before := v_before || jsonb_build_object('priority', c_priorities[o.priority + 1]);
        v_after := v_after || jsonb_build_object('priority', c_priorities[n.priority + 1]);
    end if;
    if o.due_at is distinct from n.due_at then
        v_before := v_before || jsonb_build_object('due_at', kanban.rfc3339(o.due_at));
        v_after := v_after || jsonb_build_object('due_at', kanban.rfc3339(n.due_at));
    end if;
    -- by their text: 1 and 1.0 are equal but not the same
    if o.fields::text <> n.fields::text then
        v_before := v_before || jsonb_build_object('fields', o.fields);
        v_after := v_after || jsonb_build_object('fields', n.fields);
    end if;
    if o.links::text <> n.links::text then
        v_before := v_before || jsonb_build_object('links', o.links);
        v_after := v_after || jsonb_build_object('links', n.links);
    end if;
    if o.agent_context::text <> n.agent_context::text then
        v_before := v_before || jsonb_build_object('agent_context', o.agent_context);
        v_after := v_after || jsonb_build_object('agent_context', n.agent_context);
    end if;
    if o.workflow_state::text <> n.workflow_state::text then
        v_before := v_before || jsonb_build_object('workflow_state', o.workflow_state);
        v_after := v_after || jsonb_build_object('workflow_state', n.workflow_state);
    end if;
    return jsonb_build_object('before', v_before, 'after', v_after);
end $$;

-- p_patch holds the members to change; JSON objects merge, null clears. Labels are also taken off or put behind the others
-- one by one, whatever the card has at that moment.
create function kanban.update_card(
    p_tenant text, p_actor jsonb, p_id uuid, p_key text, p_version bigint, p_epoch bigint, p_patch jsonb)
    returns kanban.cards
    language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    v_old kanban.cards;
    v_new kanban.cards;
begin
    v_old := kanban.lock_card(p_tenant, kanban.card_id(p_tenant, p_id, p_key), false);
    perform kanban.guard_card(v_old, p_actor, p_version, p_epoch);
    v_new := v_old;
    if p_patch ? 'title' then v_new.title := p_patch ->> 'title'; end if;
    if p_patch ? 'description' then v_new.description := p_patch ->> 'description'; end if;
    if p_patch ? 'external_id' then v_new.external_id := p_patch ->> 'external_id'; end if;
    if p_patch ? 'labels' then v_new.labels := kanban.text_array(p_patch -> 'labels'); end if;
    if p_patch ? 'remove_labels' then
        v_new.labels := array(select u.label from unnest(v_new.labels) with ordinality as u (label, place)
                              where not p_patch -> 'remove_labels' ? u.label order by u.place);
    end if;
    if p_patch ? 'add_labels' then
        v_new.labels := v_new.labels || array(
            select u.label from jsonb_array_elements_text(p_patch -> 'add_labels') with ordinality as u (label, place)
            where u.label <> all (v_new.labels) order by u.place);
    end if;
    if p_patch ? 'assignees' then v_new.assignees := kanban.text_array(p_patch -> 'assignees'); end if;
    if p_patch ? 'priority' then
        v_new.priority := array_position(array['critical', 'high', 'medium', 'low', 'lowest'], p_patch ->> 'priority') - 1;
    end if;
    if p_patch ? 'due_at' then v_new.due_at := (p_patch ->> 'due_at')::timestamptz; end if;
    if p_patch ? 'links' then v_new.links := p_patch -> 'links'; end if;
    if p_patch ? 'fields' then v_new.fields := kanban.merge_patch(v_old.fields, p_patch -> 'fields'); end if;
    if p_patch ? 'agent_context' then
        v_new.agent_context := kanban.merge_patch(v_old.agent_context, p_patch -> 'agent_context');
    end if;
    if p_patch ? 'workflow_state' then
        v_new.workflow_state := kanban.merge_patch(v_old.workflow_state, p_patch -> 'workflow_state');
    end if;
    if v_new *= v_old then
        perform kanban.require_open_board(p_tenant, v_old.board_id);
        return v_old;
    end if;
    v_new.version := v_old.version + 1;
    v_new.updated_at := clock_timestamp();
    update kanban.cards
    set version = v_new.version, title = v_new.title, description = v_new.description, external_id = v_new.external_id,
        labels = v_new.labels, assignees = v_new.assignees, priority = v_new.priority, due_at = v_new.due_at,
        links = v_new.links, fields = v_new.fields, agent_context = v_new.agent_context,
        workflow_state = v_new.workflow_state, updated_at = v_new.updated_at, updated_hour = kanban.hour(v_new.updated_at)
    where tenant_id = p_tenant and id = v_old.id;
    if (v_new.title, v_new.external_id, v_new.labels, v_new.description)
       is distinct from (v_old.title, v_old.external_id, v_old.labels, v_old.description) then
        perform kanban.index_cards(p_tenant, array[v_old.id]);
    end if;
    perform kanban.append_event(p_tenant, v_old.board_id, 'card', v_old.id, 'card.updated', p_actor, v_new.updated_at,
                                kanban.card_edits(v_old, v_new), true);
    return v_new;
end $$;

-- Moves a card to a column (another, or its own to reorder it, or one of another board).
create function kanban.move_card(
    p_tenant text, p_actor jsonb, p_id uuid, p_key text, p_version bigint, p_epoch bigint, p_column uuid, p_after uuid,
    p_before uuid, p_place integer) returns kanban.cards
    language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    v_now    timestamptz;
    v_id     uuid;
    v_from   uuid;
    v_column kanban.columns;
    v_to     kanban.columns;
    v_old    kanban.cards;
    v_key    bigint;
begin
    select id, column_id into v_id, v_from from kanban.cards
    where tenant_id = p_tenant and deleted_at is null
      and id = kanban.card_id(p_tenant, p_id, p_key);
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'card'));
    end if;
    for v_column in
        select * from kanban.columns where tenant_id = p_tenant and id = any (array[v_from, p_column])
        order by id for no key update
    loop
        if v_column.id = (case when p_column is null then v_from else p_column end) and v_column.deleted_at is null then
            v_to := v_column;
        end if;
    end loop;
    if v_to.id is null then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'column'));
    end if;
    v_old := kanban.lock_card(p_tenant, v_id, v_to.id <> v_from);
    if v_old.column_id <> v_from then
        perform kanban.try_again();
    end if;
    perform kanban.guard_card(v_old, p_actor, p_version, p_epoch);
    if v_to.id <> v_from then
        perform kanban.require_room(v_to);
    end if;
    v_key := kanban.place_key(p_tenant, v_to, v_id, p_after, p_before, p_place);
    if v_to.id = v_from then
        -- finding the place may have spread the column out
        select position into v_old.position from kanban.cards where tenant_id = p_tenant and id = v_id;
    end if;
    v_now := greatest(clock_timestamp(), v_old.column_since);
    return kanban.shift_card(p_actor, v_old, v_old, v_to, v_key,
                             case when v_to.id = v_from then 'card.reordered' else 'card.moved' end, v_now);
end $$;

create function kanban.delete_card(
    p_tenant text, p_actor jsonb, p_id uuid, p_key text, p_version bigint, p_epoch bigint) returns kanban.cards
    language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    v_now  timestamptz;
    v_id   uuid;
    v_from kanban.columns;
    v_old  kanban.cards;
    v_new  kanban.cards;
begin
    select id, column_id into v_id, v_from.id from kanban.cards
    where tenant_id = p_tenant and deleted_at is null
      and id = kanban.card_id(p_tenant, p_id, p_key);
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'card'));
    end if;
    select * into v_from from kanban.columns where tenant_id = p_tenant and id = v_from.id for no key update;
    v_old := kanban.lock_card(p_tenant, v_id, true);
    if v_old.column_id <> v_from.id then
        perform kanban.try_again();
    end if;
    perform kanban.guard_card(v_old, p_actor, p_version, p_epoch);
    v_now := greatest(clock_timestamp(), v_old.column_since);
    v_new := v_old;
    v_new.deleted_at := v_now;
    v_new := kanban.without_claim(v_new);
    return kanban.shift_card(p_actor, v_old, v_new, v_from, v_old.position, 'card.deleted', v_now);
end $$;

-- Brings a deleted card back at the end of the column it was in, or of the board's first column where that is gone.
create function kanban.restore_card(
    p_tenant text, p_actor jsonb, p_id uuid, p_key text, p_version bigint, p_epoch bigint) returns kanban.cards
    language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    v_now timestamptz;
    v_id  uuid := kanban.card_id(p_tenant, p_id, p_key);
    v_to  kanban.columns;
    v_old kanban.cards;
    v_new kanban.cards;
begin
    select c.* into v_to from kanban.cards as k
    join kanban.columns as c on c.tenant_id = k.tenant_id and c.board_id = k.board_id and c.deleted_at is null
    where k.tenant_id = p_tenant and k.id = v_id
    order by (c.id = k.column_id) desc, c.position limit 1;
    if not found then
        perform kanban.refuse(case when exists (select from kanban.cards where tenant_id = p_tenant and id = v_id)
                                   then 'no_column' else 'not_found' end, jsonb_build_object('what', 'card'));
    end if;
    select * into v_to from kanban.columns
    where tenant_id = p_tenant and id = v_to.id and deleted_at is null for no key update;
    v_old := kanban.lock_card(p_tenant, v_id, true);
    if v_to.id is null or v_old.board_id <> v_to.board_id then
        perform kanban.try_again();
    end if;
    -- a deleted card has no claim, so whoever names one is late
    if p_epoch is not null then
        perform kanban.require_claim(v_old, p_actor, p_epoch);
    end if;
    if v_old.deleted_at is null then
        return v_old;
    elsif v_old.version <> p_version then
        perform kanban.refuse('version_conflict', jsonb_build_object(
            'actual', v_old.version, 'board_id', v_old.board_id));
    end if;
    perform kanban.require_room(v_to);
    v_now := greatest(clock_timestamp(), v_old.column_since);
    v_new := v_old;
    v_new.deleted_at := null;
    return kanban.shift_card(p_actor, v_old, v_new, v_to, kanban.place_key(p_tenant, v_to, v_id, null, null, null),
                             'card.restored', v_now);
end $$;

-- A live card of an open board, which stays where it is, and with whom, until something about it is written.
create function kanban.hold_card(p_tenant text, p_actor jsonb, p_id uuid, p_key text, p_epoch bigint)
    returns kanban.cards
    language plpgsql as $$
declare
    v_card kanban.cards;
begin
    select * into v_card from kanban.cards
    where tenant_id = p_tenant and deleted_at is null
      and id = kanban.card_id(p_tenant, p_id, p_key) for share;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'card'));
    end if;
    if p_epoch is not null then
        perform kanban.guard_card(v_card, p_actor, null, p_epoch);
    end if;
    perform kanban.require_open_board(p_tenant, v_card.board_id);
    return v_card;
end $$;

-- Comments are deleted by who wrote them, by people and by the system, not by other agents.
create function kanban.delete_comment(p_tenant text, p_actor jsonb, p_id uuid, p_version bigint, p_epoch bigint)
    returns kanban.comments
    language plpgsql as $$
declare
    v_card kanban.cards;
    v_old  kanban.comments;
    v_new  kanban.comments;
begin
    -- the card stays on its board meanwhile
    select * into v_card from kanban.cards
    where tenant_id = p_tenant and deleted_at is null
      and id = (select card_id from kanban.comments where tenant_id = p_tenant and id = p_id) for share;
    select * into v_old from kanban.comments
    where tenant_id = p_tenant and id = p_id and deleted_at is null for no key update;
    if v_card.id is null or v_old.id is null then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'comment'));
    end if;
    if p_epoch is not null then
        perform kanban.guard_card(v_card, p_actor, null, p_epoch);
    end if;
    perform kanban.require_open_board(p_tenant, v_card.board_id);
    if p_actor ->> 'kind' = 'agent' and (v_old.author_kind, v_old.author_id) <> ('agent', p_actor ->> 'id') then
        perform kanban.refuse('not_the_author', jsonb_build_object('agent_id', v_old.author_id));
    elsif v_old.version <> p_version then
        perform kanban.refuse('version_conflict', jsonb_build_object('actual', v_old.version));
    end if;
    v_new := v_old;
    v_new.version := v_old.version + 1;
    v_new.updated_at := clock_timestamp();
    v_new.deleted_at := v_new.updated_at;
    update kanban.comments set version = v_new.version, updated_at = v_new.updated_at, deleted_at = v_new.deleted_at
    where tenant_id = p_tenant and id = p_id;
    perform kanban.append_event(p_tenant, v_card.board_id, 'comment', p_id, 'comment.deleted', p_actor, v_new.updated_at,
                                kanban.changes(kanban.comment_doc(v_old), kanban.comment_doc(v_new)));
    return v_new;
end $$;

create function kanban.create_comment(
    p_tenant text, p_actor jsonb, p_id uuid, p_card uuid, p_card_key text, p_epoch bigint, p_body text, p_metadata jsonb)
    returns kanban.comments
    language plpgsql as $$
declare
    v_now  timestamptz;
    v_card kanban.cards;
    v_row  kanban.comments;
begin
    v_card := kanban.hold_card(p_tenant, p_actor, p_card, p_card_key, p_epoch);
    v_now := clock_timestamp();
    insert into kanban.comments (tenant_id, id, card_id, author_kind, author_id, body, metadata, created_at, updated_at)
    values (p_tenant, p_id, v_card.id, p_actor ->> 'kind', p_actor ->> 'id', p_body, p_metadata, v_now, v_now)
    returning * into v_row;
    perform kanban.index_comments(p_tenant, array[p_id]);
    perform kanban.append_event(p_tenant, v_card.board_id, 'comment', p_id, 'comment.created', p_actor, v_now,
                                jsonb_build_object('after', kanban.comment_doc(v_row)));
    return v_row;
end $$;
