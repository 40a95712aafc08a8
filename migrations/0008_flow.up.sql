-- What metrics rest on beside the visits: claims that have ended, refused writes, and how many cards had come how far.

-- One row per claim that has ended; the ones that have not are on their cards.
create table kanban.past_claims (
    tenant_id  text        not null,
    card_id    uuid        not null,
    epoch      bigint      not null,
    -- the board on which it ended
    board_id   uuid        not null,
    agent_id   text        not null,
    -- what kind of actor made it
    kind       text        not null,
    -- since when the card had been waiting for somebody to take it
    ready_at   timestamptz not null,
    claimed_at timestamptz not null,
    ended_at   timestamptz not null,
    -- renewed: its own agent claimed the card again; expired: the lease ended and nobody had finished or given back
    outcome    text        not null,
    constraint past_claims_pk primary key (tenant_id, card_id, epoch),
    constraint past_claims_card_fk foreign key (tenant_id, card_id) references kanban.cards (tenant_id, id),
    constraint past_claims_kind_known check (kind in ('agent', 'human', 'system')),
    constraint past_claims_outcome_known check (outcome in ('completed', 'released', 'expired', 'renewed', 'deleted')),
    constraint past_claims_forward check (ready_at <= claimed_at and claimed_at <= ended_at)
);

create index past_claims_board on kanban.past_claims (tenant_id, board_id, ended_at);
create index past_claims_agent on kanban.past_claims (tenant_id, agent_id, ended_at);

-- Writes that were refused because they named a version or a claim that had been passed, by the minute. A refused write
-- leaves nothing behind, so whoever sent it counts it afterwards, in a transaction of its own.
create table kanban.collisions (
    tenant_id  text        not null,
    minute     timestamptz not null,
    -- the board, or the nil UUID for what belongs to no board
    board_id   uuid        not null,
    actor_kind text        not null,
    actor_id   text        not null,
    versions   bigint      not null,
    epochs     bigint      not null,
    constraint collisions_pk primary key (tenant_id, actor_id, minute, board_id, actor_kind),
    constraint collisions_actor_kind check (actor_kind in ('agent', 'human', 'system'))
) with (fillfactor = 80);

create index collisions_board on kanban.collisions (tenant_id, board_id, minute);

-- How many cards of a board had come as far as each kind of column, or further, before a moment. Kept where counting was
-- long, so that a look at an old board need not count all that was ever on it.
create table kanban.flow_checkpoints (
    tenant_id text        not null,
    board_id  uuid        not null,
    at        timestamptz not null,
    backlog   bigint      not null,
    todo      bigint      not null,
    doing     bigint      not null,
    done      bigint      not null,
    constraint flow_checkpoints_pk primary key (tenant_id, board_id, at),
    constraint flow_checkpoints_board_fk foreign key (tenant_id, board_id) references kanban.boards (tenant_id, id)
);

-- The sums at a moment: from the last checkpoint on, and how many visits had to be counted for them.
create function kanban.cards_reached(
    p_tenant text, p_board uuid, p_at timestamptz, out backlog bigint, out todo bigint, out doing bigint, out done bigint,
    out counted bigint)
    language plpgsql stable as $$
declare
    v_from kanban.flow_checkpoints;
begin
    select * into v_from from kanban.flow_checkpoints
    where tenant_id = p_tenant and board_id = p_board and at <= p_at order by at desc limit 1;
    select coalesce(v_from.backlog, 0) + count(*) filter (where v.furthest < 1),
           coalesce(v_from.todo, 0) + count(*) filter (where v.furthest < 2 and kanban.kind_rank(v.kind) >= 2),
           coalesce(v_from.doing, 0) + count(*) filter (where v.furthest < 3 and kanban.kind_rank(v.kind) >= 3),
           coalesce(v_from.done, 0) + count(*) filter (where v.furthest < 4 and kanban.kind_rank(v.kind) >= 4),
           count(*)
    into backlog, todo, doing, done, counted
    from kanban.column_visits as v
    where v.tenant_id = p_tenant and v.board_id = p_board and v.entered_at < p_at
      and v.entered_at >= coalesce(v_from.at, '-infinity');
end $$;

-- Who writes visits into the past takes this lock first, and deletes the board's checkpoints; who counts for a checkpoint
-- shares it with others that do. Anybody else only writes visits that begin now.
create function kanban.lock_past(p_tenant text, p_board uuid, p_is_shared boolean) returns void
    language plpgsql as $$
begin
    if p_is_shared then
        perform pg_advisory_xact_lock_shared(hashtextextended(p_tenant || '/past/' || p_board, 0));
    else
        perform pg_advisory_xact_lock(hashtextextended(p_tenant || '/past/' || p_board, 0));
        delete from kanban.flow_checkpoints where tenant_id = p_tenant and board_id = p_board;
    end if;
end $$;

-- Keeps the sums at a moment, which is to be a while ago: what was going on then has been committed.
create function kanban.keep_checkpoint(p_tenant text, p_board uuid, p_at timestamptz) returns void
    language plpgsql as $$
begin
    perform kanban.lock_past(p_tenant, p_board, true);
    insert into kanban.flow_checkpoints (tenant_id, board_id, at, backlog, todo, doing, done)
    select p_tenant, p_board, p_at, r.backlog, r.todo, r.doing, r.done
    from kanban.cards_reached(p_tenant, p_board, p_at) as r
    on conflict on constraint flow_checkpoints_pk do nothing;
end $$;

-- Keeps claims that are over, each with its moment and outcome; p_cards are the cards as they were under the claims. An expired one
-- ended with its lease.
create function kanban.end_claims(p_cards kanban.cards[], p_nows timestamptz[], p_outcomes text[]) returns void
    language plpgsql as $$
begin
    insert into kanban.past_claims (tenant_id, card_id, epoch, board_id, agent_id, kind, ready_at, claimed_at, ended_at,
                                    outcome)
    select c.tenant_id, c.id, c.claim_epoch, c.board_id, c.claim_agent, c.claim_kind, c.claim_ready_at, c.claimed_at,
           greatest(c.claimed_at,
                    case p_outcomes[c.ordinality] when 'expired' then c.lease_until else p_nows[c.ordinality] end),
           p_outcomes[c.ordinality]
    from unnest(p_cards) with ordinality as c;
end $$;

create function kanban.micros(p_length interval) returns bigint
    language sql immutable parallel safe
    return (extract(epoch from p_length) * 1000000)::bigint;

-- How lengths are spread, in microseconds: percentiles by nearest rank, so each is a length that was really there. The sum
-- is text, for it may be more than a bigint holds.
create function kanban.spread(p_sorted bigint[]) returns jsonb
    language sql immutable parallel safe
    return (select jsonb_build_object(
                'count', n.count, 'total', (select coalesce(sum(t.length), 0)::text from unnest(p_sorted) as t (length)),
                'p50', p_sorted[(n.count * 50 + 99) / 100], 'p85', p_sorted[(n.count * 85 + 99) / 100],
                'p95', p_sorted[(n.count * 95 + 99) / 100])
            from (select coalesce(cardinality(p_sorted), 0) as count) as n);

-- The stays outside done columns on a board that overlap a stretch of time; those of an archived board end with it. In a
-- done column nothing is under way, so nobody asks how long it has been there.
create function kanban.stays(
    p_tenant text, p_board uuid, p_archived_at timestamptz, p_from timestamptz, p_to timestamptz)
    returns table (card_id uuid, visit integer, column_id uuid, entered_at timestamptz, left_at timestamptz,
                   is_wip boolean)
    language sql stable as $$
    -- began in it
    select v.card_id, v.visit, v.column_id, v.entered_at, least(v.left_at, p_archived_at), v.is_wip
    from kanban.column_visits as v
    where v.tenant_id = p_tenant and v.board_id = p_board and v.kind <> 'done' and v.entered_at >= p_from
      and v.entered_at < p_to
    union all
    -- lasted when it began: one look into column_visits_stays for each class (`offset 0` keeps the looks apart)
    select v.card_id, v.visit, v.column_id, v.entered_at, least(v.left_at, p_archived_at), v.is_wip
    from (values (0::smallint, null::float8), (1, 60), (2, 240), (3, 960), (4, 3840), (5, 15360), (6, 61440), (7, 245760),
                 (8, 983040), (9, 3932160), (10, 15728640), (11, 62914560), (12, null)) as s (class, seconds)
    cross join lateral (
        select c.card_id, c.visit, c.column_id, c.entered_at, c.left_at, c.is_wip
        from kanban.column_visits as c
        where c.tenant_id = p_tenant and c.board_id = p_board and c.kind <> 'done' and c.stay_class = s.class
          and c.entered_at < p_from
          and c.entered_at >= coalesce(p_from - make_interval(secs => s.seconds), '-infinity')
          and (c.left_at is null or c.left_at >= p_from)
        offset 0) as v
    where p_archived_at is null or p_archived_at >= p_from
$$;

-- The cards whose work ended on a board in a stretch of time and has not been taken up again since.
create function kanban.finished_cards(p_tenant text, p_board uuid, p_from timestamptz, p_to timestamptz)
    returns table (card_id uuid, key text, created_at timestamptz, started_at timestamptz, finished_at timestamptz,
                   worker_kind text)
    language sql stable as $$
    select v.card_id, c.key, c.created_at, c.started_at, c.finished_at, v.worker_kind
    from kanban.column_visits as v
    join kanban.cards as c on c.tenant_id = p_tenant and c.id = v.card_id and c.finished_at = v.entered_at
    where v.tenant_id = p_tenant and v.board_id = p_board and v.effect = 'finished' and v.entered_at >= p_from
      and v.entered_at < p_to
      -- finished, reopened and finished again in the very same microsecond: only the last time counts
      and not exists (select from kanban.column_visits as l
                      where l.tenant_id = p_tenant and l.card_id = v.card_id and l.visit > v.visit
                        and l.effect = 'finished')
$$;
