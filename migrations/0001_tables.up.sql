-- The tables of the board. Every tenant table leads its keys with tenant_id, so that no row can be reached or
-- referenced across tenants and the same schema can be distributed by tenant_id.

create extension if not exists pg_trgm with schema public;

-- RFC 3339 with microseconds, the one spelling of a moment in events and answers.
create function kanban.rfc3339(p_at timestamptz) returns text
    language sql stable parallel safe
    return to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

create function kanban.is_object(p_value jsonb) returns boolean
    language sql immutable parallel safe
    return jsonb_typeof(p_value) = 'object' and octet_length(p_value::text) <= 32768;

-- In which class of length a stay falls: 0 while it lasts, n where it took less than 60 * 4^(n-1) seconds, 12 where longer.
create function kanban.stay_class(p_from timestamptz, p_to timestamptz) returns smallint
    language sql immutable parallel safe
    return case when p_to is null then 0
                else 1 + width_bucket(extract(epoch from p_to - p_from)::float8,
                                      array[60, 240, 960, 3840, 15360, 61440, 245760, 983040, 3932160, 15728640,
                                            62914560]::float8[]) end;

-- The hour that a moment is in.
create function kanban.hour(p_at timestamptz) returns timestamp
    language sql immutable parallel safe
    return date_trunc('hour', p_at at time zone 'UTC');

-- 1 backlog, 2 todo, 3 doing, 4 done.
create function kanban.kind_rank(p_kind text) returns smallint
    language sql immutable parallel safe
    return array_position(array['backlog', 'todo', 'doing', 'done'], p_kind)::smallint;

-- When a card is due, for orders: without a date, after all others. Not coalesce(), which PostgreSQL does not know to be
-- leakproof, so that behind row-level security a list would not go on from where it was, but begin at the index's start.
create function kanban.due(p_due_at timestamptz) returns timestamptz
    language sql immutable parallel safe
    return case when p_due_at is null then 'infinity'::timestamptz else p_due_at end;

-- The rules that a single value of the busiest tables obeys. As domains they are looked at where the value is written; as
-- checks of the table, each statement that writes to any column would prepare them all anew, at the price of the statement.
create domain kanban.boards_key as text
    constraint boards_key_form check (value ~ '^[A-Z][A-Z0-9]{0,9}$');
create domain kanban.boards_template as text
    constraint boards_template_known check (value in ('basic', 'review', 'empty'));
create domain kanban.boards_name as text
    constraint boards_name_length check (char_length(value) between 1 and 256);
create domain kanban.boards_description as text
    constraint boards_description_size check (octet_length(value) <= 16384);
create domain kanban.boards_metadata as jsonb
    constraint boards_metadata_object check (kanban.is_object(value));
create domain kanban.columns_name as text
    constraint columns_name_length check (char_length(value) between 1 and 128);
create domain kanban.columns_kind as text
    constraint columns_kind_known check (value in ('backlog', 'todo', 'doing', 'done'));
create domain kanban.columns_wip_limit as integer
    constraint columns_wip_limit_positive check (value >= 1);
create domain kanban.columns_cards as integer
    constraint columns_cards_not_negative check (value >= 0);
create domain kanban.columns_metadata as jsonb
    constraint columns_metadata_object check (kanban.is_object(value));
create domain kanban.cards_title as text
    constraint cards_title_length check (char_length(value) between 1 and 256);
create domain kanban.cards_description as text
    constraint cards_description_size check (octet_length(value) <= 16384);
create domain kanban.cards_external_id as text
    constraint cards_external_id_length check (char_length(value) between 1 and 256);
create domain kanban.cards_labels as text[]
    constraint cards_labels_count check (cardinality(value) <= 64);
create domain kanban.cards_assignees as text[]
    constraint cards_assignees_count check (cardinality(value) <= 64);
create domain kanban.cards_priority as smallint
    constraint cards_priority_known check (value between 0 and 4);
create domain kanban.cards_status as text
    constraint cards_status_known check (value in ('backlog', 'todo', 'doing', 'done'));
create domain kanban.cards_fields as jsonb
    constraint cards_fields_object check (kanban.is_object(value));
create domain kanban.cards_links as jsonb
    constraint cards_links_array check (jsonb_typeof(value) = 'array' and octet_length(value::text) <= 32768);
create domain kanban.cards_agent_context as jsonb
    constraint cards_agent_context_object check (kanban.is_object(value));
create domain kanban.cards_workflow_state as jsonb
    constraint cards_workflow_state_object check (kanban.is_object(value));
create domain kanban.cards_open_blockers as integer
    constraint cards_open_blockers_not_negative check (value >= 0);
create domain kanban.cards_created_by_kind as text
    constraint cards_actor_kind check (value in ('agent', 'human', 'system'));
create domain kanban.column_visits_kind as text
    constraint column_visits_kind_known check (value in ('backlog', 'todo', 'doing', 'done'));
create domain kanban.column_visits_effect as text
    constraint column_visits_effect_known check (value in ('finished', 'reopened', 'restored'));
create domain kanban.events_actor_kind as text
    constraint events_actor_kind check (value in ('agent', 'human', 'system'));

create table kanban.tenants (
    id           text        not null,
    -- number of the last event of the tenant's own stream (what belongs to no board)
    seq          bigint      not null default 0,
    created_at   timestamptz not null default now(),
    suspended_at timestamptz,
    -- the row stays when all else is gone, so that the name is never given again
    deleted_at   timestamptz,
    constraint tenants_pk primary key (id),
    constraint tenants_id_slug check (id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    constraint tenants_deleted_suspended check (deleted_at is null or suspended_at is not null)
);

insert into kanban.tenants (id) values ('default');

-- What every process on this database must share and nobody else may know.
create table kanban.secrets (
    name  text  not null,
    value bytea not null,
    constraint secrets_pk primary key (name)
);

insert into kanban.secrets (name, value)
values ('cursor_key', sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text,
                                        'UTF8')));

-- Who may call, and what they may do. Of the secret there is only what tells it again.
create table kanban.tokens (
    tenant_id       text        not null,
    id              uuid        not null,
    name            text        not null,
    -- the public part of its text, by which it is found when it is presented
    prefix          text        not null,
    -- four bytes of a fast hash: what is wrong in them is refused without the slow one
    tag             bytea       not null,
    hash            text        not null,
    scopes          text[]      not null,
    actor_kind      text        not null,
    actor_id        text        not null,
    expires_at      timestamptz,
    last_used_at    timestamptz,
    revoked_at      timestamptz,
    created_by_kind text        not null,
    created_by_id   text        not null,
    created_at      timestamptz not null,
    constraint tokens_pk primary key (tenant_id, id),
    constraint tokens_prefix_unique unique (tenant_id, prefix),
    constraint tokens_tenant_fk foreign key (tenant_id) references kanban.tenants (id),
    constraint tokens_name_length check (char_length(name) between 1 and 128),
    constraint tokens_tag_size check (octet_length(tag) = 4),
    constraint tokens_scopes_known check (scopes <> '{}' and scopes <@ array['read', 'write', 'admin']),
    constraint tokens_expire_later check (expires_at > created_at),
    constraint tokens_actor_kind check (actor_kind in ('agent', 'human')
                                        and created_by_kind in ('agent', 'human', 'system'))
);

-- Whose a token is, is not known yet when it is presented.
create index tokens_presented on kanban.tokens using hash (prefix);

create table kanban.workspaces (
    tenant_id   text        not null,
    id          uuid        not null,
    version     bigint      not null default 1,
    name        text        not null,
    description text        not null default '',
    metadata    jsonb       not null default '{}',
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,
    constraint workspaces_pk primary key (tenant_id, id),
    constraint workspaces_tenant_fk foreign key (tenant_id) references kanban.tenants (id),
    constraint workspaces_name_length check (char_length(name) between 1 and 256),
    constraint workspaces_description_size check (octet_length(description) <= 16384),
    constraint workspaces_metadata_object check (kanban.is_object(metadata))
);

create unique index workspaces_name_unique on kanban.workspaces (tenant_id, lower(name)) where deleted_at is null;

create table kanban.boards (
    tenant_id    text                      not null,
    id           uuid                      not null,
    version      bigint                    not null default 1,
    workspace_id uuid                      not null,
    key          kanban.boards_key         not null,
    name         kanban.boards_name        not null,
    description  kanban.boards_description not null default '',
    template     kanban.boards_template    not null,
    metadata     kanban.boards_metadata    not null default '{}',
    time_zone    text                      not null default 'UTC',
    -- number of the board's last event; bumped under the row lock by every mutation, so it has no gaps
    seq          bigint                    not null default 0,
    -- number the next card gets in its key
    next_number  bigint                    not null default 1,
    archived_at  timestamptz,
    created_at   timestamptz               not null,
    updated_at   timestamptz               not null,
    deleted_at   timestamptz,
    constraint boards_pk primary key (tenant_id, id),
    constraint boards_key_unique unique (tenant_id, key),
    constraint boards_workspace_fk foreign key (tenant_id, workspace_id) references kanban.workspaces (tenant_id, id)
) with (fillfactor = 50);

create table kanban.columns (
    tenant_id  text                     not null,
    id         uuid                     not null,
    version    bigint                   not null default 1,
    board_id   uuid                     not null,
    name       kanban.columns_name      not null,
    kind       kanban.columns_kind      not null,
    position   bigint                   not null,
    wip_limit  kanban.columns_wip_limit,
    metadata   kanban.columns_metadata  not null default '{}',
    -- live cards in the column; the WIP limit is decided on it, under this row's lock
    cards      kanban.columns_cards     not null default 0,
    -- position key given out last: tells a run of inserts at one spot from single ones
    last_key   bigint,
    -- how often keys of its cards were spread out again: a list that is read in pages goes on by it
    respreads  bigint                   not null default 0,
    created_at timestamptz              not null,
    updated_at timestamptz              not null,
    deleted_at timestamptz,
    constraint columns_pk primary key (tenant_id, id),
    -- lets a card's foreign key prove that its column is on its board
    constraint columns_board_unique unique (tenant_id, board_id, id),
    constraint columns_board_fk foreign key (tenant_id, board_id) references kanban.boards (tenant_id, id)
) with (fillfactor = 50);

create unique index columns_position_unique on kanban.columns (tenant_id, board_id, position) where deleted_at is null;
create unique index columns_name_unique on kanban.columns (tenant_id, board_id, lower(name)) where deleted_at is null;

-- How keys were spread out again, kept for a day: whoever has read a list up to a key finds the place where it is now.
create table kanban.respreads (
    tenant_id text        not null,
    column_id uuid        not null,
    number    bigint      not null,
    at        timestamptz not null,
    -- the cards that got new keys were the only ones between these two
    low       bigint      not null,
    high      bigint      not null,
    -- the keys they had, in order; the nth got low + n * step
    keys      bigint[]    not null,
    step      bigint      not null,
    constraint respreads_pk primary key (tenant_id, column_id, number),
    constraint respreads_column_fk foreign key (tenant_id, column_id) references kanban.columns (tenant_id, id)
);

create table kanban.cards (
    tenant_id       text                         not null,
    id              uuid                         not null,
    version         bigint                       not null default 1,
    board_id        uuid                         not null,
    column_id       uuid                         not null,
    -- board key and number; stays with the card for life, on whatever board it is
    key             text                         not null,
    external_id     kanban.cards_external_id,
    position        bigint                       not null,
    -- the kind of the card's column, here so that ready work is one index
    status          kanban.cards_status          not null,
    title           kanban.cards_title           not null,
    description     kanban.cards_description     not null,
    labels          kanban.cards_labels          not null,
    assignees       kanban.cards_assignees       not null,
    -- 0 critical … 4 lowest
    priority        kanban.cards_priority        not null,
    due_at          timestamptz,
    fields          kanban.cards_fields          not null,
    links           kanban.cards_links           not null,
    agent_context   kanban.cards_agent_context   not null,
    workflow_state  kanban.cards_workflow_state  not null,
    started_at      timestamptz,
    finished_at     timestamptz,
    column_since    timestamptz                  not null,
    -- number of the card's last visit to a column
    visit           integer                      not null default 1,
    -- `blocks` dependencies on this card whose blocker is not resolved
    open_blockers   kanban.cards_open_blockers   not null default 0,
    claim_agent     text,
    -- fencing token: goes up with every claim, never down
    claim_epoch     bigint                       not null default 0,
    claimed_at      timestamptz,
    -- when the last lease ends or ended; null when no agent has left work on the card
    lease_until     timestamptz,
    -- since when nothing but a free agent is missing: it came into a queue, its last blocker was resolved, or a claim ended
    ready_at        timestamptz                  not null,
    -- of the claim: what kind of actor made it, and since when the card had been ready
    claim_kind      text,
    claim_ready_at  timestamptz,
    created_by_kind kanban.cards_created_by_kind not null,
    created_by_id   text                         not null,
    created_at      timestamptz                  not null,
    updated_at      timestamptz                  not null,
    -- kanban.hour of updated_at, what the list by last change is read from: an index of updated_at itself would make every
    -- change write to every index (no HOT updates); one of the hour does so once an hour for each card. Whoever writes the
    -- one writes the other: a generated column would be planned anew by each write, for a third of what a small one costs
    updated_hour    timestamp                    not null default kanban.hour(now()),
    deleted_at      timestamptz,
    constraint cards_pk primary key (tenant_id, id),
    constraint cards_key_unique unique (tenant_id, key),
    constraint cards_column_fk foreign key (tenant_id, board_id, column_id)
        references kanban.columns (tenant_id, board_id, id),
    -- finished in a done column and nowhere else, never unstarted; a claim with all its members. One rule, for each is read
    -- and planned anew by every write
    constraint cards_whole check (
        (finished_at is not null) = (status = 'done') and (finished_at is null or started_at is not null)
        and (claim_agent is null or num_nulls(claimed_at, lease_until, claim_kind, claim_ready_at) = 0))
) with (fillfactor = 85);

-- the board last, so that a card is also found by its external id alone
create unique index cards_external_id_unique on kanban.cards (tenant_id, external_id, board_id)
    where external_id is not null;
create unique index cards_position_unique on kanban.cards (tenant_id, column_id, position) where deleted_at is null;
-- Ready work of a board in the order in which it is handed out: the index is the queue.
create index cards_ready on kanban.cards
    (tenant_id, board_id, priority, kanban.due(due_at), position, id)
    where deleted_at is null and open_blockers = 0 and status in ('backlog', 'todo') and assignees = '{}';
-- A board's cards in each order in which they are listed; board order is cards_position_unique, column by column.
create index cards_by_created_at on kanban.cards (tenant_id, board_id, created_at, id) where deleted_at is null;
create index cards_by_updated_hour on kanban.cards (tenant_id, board_id, updated_hour) where deleted_at is null;
create index cards_by_priority on kanban.cards (tenant_id, board_id, priority, id) where deleted_at is null;
-- a card without a due date is due after all others
create index cards_by_due_at on kanban.cards (tenant_id, board_id, kanban.due(due_at), id)
    where deleted_at is null;
create index cards_assigned on kanban.cards using gin (assignees)
    where deleted_at is null and finished_at is null and assignees <> '{}';
create index cards_blocked on kanban.cards (tenant_id, board_id)
    where open_blockers > 0 and finished_at is null and deleted_at is null;
create index cards_deleted on kanban.cards (tenant_id, board_id, deleted_at) where deleted_at is not null;
create index cards_claimed on kanban.cards (tenant_id, claim_agent) where claim_agent is not null;
-- Work in progress whose lease has ended is found here; heartbeats are rare enough to pay for it. The next one has the same
-- work in the order in which it is handed out, for boards on which much of it was left behind. Every lease has an end and
-- a beginning: which of the two a statement names decides which index it can read, whatever the statistics say.
create index cards_lapsed on kanban.cards (tenant_id, board_id, lease_until)
    where lease_until < 'infinity' and status = 'doing' and assignees = '{}' and open_blockers = 0 and deleted_at is null;
create index cards_leased on kanban.cards
    (tenant_id, board_id, priority, kanban.due(due_at), position, id)
    where lease_until > '-infinity' and status = 'doing' and assignees = '{}' and open_blockers = 0 and deleted_at is null;

create table kanban.dependencies (
    tenant_id       text        not null,
    id              uuid        not null,
    type            text        not null,
    -- reads as "from blocks to", "from is the parent of to", "from was discovered from to", …
    from_card       uuid        not null,
    to_card         uuid        not null,
    created_by_kind text        not null,
    created_by_id   text        not null,
    created_at      timestamptz not null,
    constraint dependencies_pk primary key (tenant_id, id),
    constraint dependencies_unique unique (tenant_id, from_card, to_card, type),
    constraint dependencies_from_fk foreign key (tenant_id, from_card) references kanban.cards (tenant_id, id),
    constraint dependencies_to_fk foreign key (tenant_id, to_card) references kanban.cards (tenant_id, id),
    constraint dependencies_type_known check
        (type in ('blocks', 'parent', 'relates', 'duplicates', 'discovered_from', 'supersedes', 'replies_to')),
    constraint dependencies_not_itself check (from_card <> to_card),
    constraint dependencies_actor_kind check (created_by_kind in ('agent', 'human', 'system'))
);

create index dependencies_to on kanban.dependencies (tenant_id, to_card, type);

create table kanban.comments (
    tenant_id   text        not null,
    id          uuid        not null,
    version     bigint      not null default 1,
    card_id     uuid        not null,
    external_id text,
    author_kind text        not null,
    author_id   text        not null,
    body        text        not null,
    metadata    jsonb       not null default '{}',
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz,
    constraint comments_pk primary key (tenant_id, id),
    constraint comments_card_fk foreign key (tenant_id, card_id) references kanban.cards (tenant_id, id),
    constraint comments_body_size check (octet_length(body) between 1 and 8192),
    constraint comments_external_id_length check (char_length(external_id) between 1 and 256),
    constraint comments_metadata_object check (kanban.is_object(metadata)),
    constraint comments_actor_kind check (author_kind in ('agent', 'human', 'system'))
);

create index comments_card on kanban.comments (tenant_id, card_id, id) where deleted_at is null;
create index comments_author on kanban.comments (tenant_id, author_id, created_at) where deleted_at is null;
create unique index comments_external_id_unique on kanban.comments (tenant_id, card_id, external_id)
    where external_id is not null;

-- One row per visit of a card to a column: the history that metrics read. What a visit means for the work is decided once,
-- when it begins, so that no reader needs the visits before it.
create table kanban.column_visits (
    tenant_id   text                        not null,
    card_id     uuid                        not null,
    visit       integer                     not null,
    board_id    uuid                        not null,
    column_id   uuid                        not null,
    kind        kanban.column_visits_kind   not null,
    entered_at  timestamptz                 not null,
    left_at     timestamptz,
    -- the card is work in progress here: started, now or before, and not finished
    is_wip      boolean                     not null,
    -- what entering meant for the work; null where it only went on
    effect      kanban.column_visits_effect,
    -- how far the card had come on this board before, as a kanban.kind_rank; 0 where it had not been here
    furthest    smallint                    not null,
    -- whose work it was, where it is finished: the agent's that held the card, else the actor's
    worker_kind text,
    worker_id   text,
    -- kanban.stay_class of the two moments, for the index; a generated column would cost each write much more
    stay_class  smallint                    not null default 0,
    constraint column_visits_pk primary key (tenant_id, card_id, visit),
    constraint column_visits_card_fk foreign key (tenant_id, card_id) references kanban.cards (tenant_id, id),
    -- time goes forward, a stay has its class, and what is finished has its worker: one rule, as that of cards
    constraint column_visits_whole check (
        (left_at is null or left_at >= entered_at) and (stay_class = 0) = (left_at is null)
        and (effect is not distinct from 'finished') = (worker_id is not null)
        and (worker_id is null) = (worker_kind is null)
        and (worker_kind is null or worker_kind in ('agent', 'human', 'system')))
) with (fillfactor = 90);

-- What began on a board in a stretch of time.
create index column_visits_entered on kanban.column_visits (tenant_id, board_id, entered_at);
-- What lasted at a moment: a stay of a class that covers it began no longer before it than the class goes. So each class
-- is one stretch of this index, and finding who was there long ago reads about as little as finding who is there now. A
-- range type in a GiST index would do the same, but its operators are not leakproof, so row-level security shuts it off.
create index column_visits_stays on kanban.column_visits (tenant_id, board_id, stay_class, entered_at)
    where kind <> 'done';
create index column_visits_worker on kanban.column_visits (tenant_id, worker_id, entered_at) where effect = 'finished';
create index column_visits_reopened on kanban.column_visits (tenant_id, entered_at) where effect = 'reopened';

-- The audit log and the change feed in one: append-only, gapless and in commit order within a stream.
create table kanban.events (
    tenant_id     text                     not null,
    -- the board, or the nil UUID for the tenant's own stream
    stream        uuid                     not null,
    seq           bigint                   not null,
    at            timestamptz              not null,
    entity_type   text                     not null,
    entity_id     uuid                     not null,
    action        text                     not null,
    actor_kind    kanban.events_actor_kind not null,
    actor_id      text                     not null,
    run_id        text,
    agent_context jsonb,
    request_id    text,
    -- the token it was done with
    token_id      uuid,
    -- {"before": {…}, "after": {…}} of what changed
    payload       jsonb                    not null,
    constraint events_pk primary key (tenant_id, stream, seq)
);
