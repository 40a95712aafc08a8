//! Recomputes what the schema keeps counted, and answers where the two differ.

use super::{Begin, Conn, registered};

registered! {
    COLUMN_COUNTS = "select c.id::text as place, format('column %s of board %s counts %s cards and holds %s',
                c.name, b.key, c.cards, n.cards) as finding
        from kanban.columns as c
        join kanban.boards as b on b.tenant_id = $1 and b.id = c.board_id
        cross join lateral (select count(*) as cards from kanban.cards as k
            where k.tenant_id = $1 and k.column_id = c.id and k.deleted_at is null) as n
        where c.tenant_id = $1 and c.cards <> n.cards";
    BLOCKER_COUNTS = "select c.key as place, format('card %s counts %s open blockers and has %s', c.key, c.open_blockers,
                n.blockers) as finding
        from kanban.cards as c
        cross join lateral (
            select count(*) as blockers from kanban.dependencies as d
            join kanban.cards as f on f.tenant_id = $1 and f.id = d.from_card
            join kanban.boards as b on b.tenant_id = $1 and b.id = f.board_id
            where d.tenant_id = $1 and d.to_card = c.id and d.type = 'blocks' and f.finished_at is null
              and f.deleted_at is null and b.archived_at is null and b.deleted_at is null) as n
        where c.tenant_id = $1 and c.open_blockers <> n.blockers";
    EVENT_SEQUENCES = "select b.key as place, format('board %s is at event %s and has %s events up to %s', b.key, b.seq,
                n.events, n.last) as finding
        from kanban.boards as b
        cross join lateral (select count(*) as events, coalesce(max(e.seq), 0) as last from kanban.events as e
            where e.tenant_id = $1 and e.stream = b.id) as n
        where b.tenant_id = $1 and (n.events <> b.seq or n.last <> b.seq)";
    /// The tenant's own stream is that of the nil UUID.
    TENANT_EVENTS = "select t.id as place, format('tenant %s is at event %s and has %s events up to %s', t.id, t.seq,
                n.events, n.last) as finding
        from kanban.tenants as t
        cross join lateral (select count(*) as events, coalesce(max(e.seq), 0) as last from kanban.events as e
            where e.tenant_id = $1 and e.stream = '00000000-0000-0000-0000-000000000000') as n
        where t.id = $1 and (n.events <> t.seq or n.last <> t.seq)";
    WORKSPACES = "select b.key as place, format('board %s is in the workspace %s, which is deleted', b.key, w.name) as finding
        from kanban.boards as b
        join kanban.workspaces as w on w.tenant_id = $1 and w.id = b.workspace_id and w.deleted_at is not null
        where b.tenant_id = $1 and b.deleted_at is null";
    CARD_NUMBERS = "select b.key as place, format('board %s gives number %s next and has a card %s', b.key, b.next_number,
                c.key) as finding
        from kanban.boards as b
        join kanban.cards as c on c.tenant_id = $1 and starts_with(c.key, b.key || '-')
            and substr(c.key, length(b.key) + 2)::bigint >= b.next_number
        where b.tenant_id = $1";
    CARD_STATUS = "select c.key as place, format('card %s has status %s and stands in a column of kind %s', c.key, c.status,
                o.kind) as finding
        from kanban.cards as c
        join kanban.columns as o on o.tenant_id = $1 and o.id = c.column_id
        where c.tenant_id = $1 and c.deleted_at is null and (c.status <> o.kind or o.deleted_at is not null)";
    CHANGED_HOURS = "select c.key as place, format('card %s was changed at %s and is listed under %s', c.key, c.updated_at,
                c.updated_hour) as finding
        from kanban.cards as c
        where c.tenant_id = $1 and c.updated_hour <> kanban.hour(c.updated_at)";
    POSITIONS = "select c.key as place, format('card %s has no place of its own in its column', c.key) as finding
        from kanban.cards as c
        where c.tenant_id = $1 and c.deleted_at is null and (c.position <= 0 or exists (
            select from kanban.cards as o where o.tenant_id = $1 and o.column_id = c.column_id and o.deleted_at is null
              and o.position = c.position and o.id <> c.id))";
    VISITS = "select c.key as place, format('card %s has %s open visits; its last one is %s of %s', c.key, n.open, n.last,
                c.visit) as finding
        from kanban.cards as c
        cross join lateral (
            select count(*) filter (where v.left_at is null) as open, max(v.visit) as last,
                bool_and(v.visit <> c.visit or v.column_id = c.column_id) as is_here
            from kanban.column_visits as v where v.tenant_id = $1 and v.card_id = c.id) as n
        where c.tenant_id = $1
          and (n.open <> case when c.deleted_at is null then 1 else 0 end or n.last <> c.visit or not n.is_here)";
    VISIT_MARKS = "select c.key as place, format('visit %s of card %s is not marked as what it was', v.visit, c.key) as finding
        from kanban.column_visits as v
        join kanban.cards as c on c.tenant_id = $1 and c.id = v.card_id
        left join kanban.column_visits as l on l.tenant_id = $1 and l.card_id = v.card_id and l.visit = v.visit - 1
        cross join lateral (
            select coalesce(bool_or(e.kind in ('doing', 'done')), false) as was_started,
                coalesce(max(kanban.kind_rank(e.kind)) filter (where e.board_id = v.board_id), 0) as furthest
            from kanban.column_visits as e
            where e.tenant_id = $1 and e.card_id = v.card_id and e.visit < v.visit) as p
        where v.tenant_id = $1
          and (v.is_wip <> (v.kind = 'doing' or (v.kind <> 'done' and p.was_started)) or v.furthest <> p.furthest
               or v.stay_class <> kanban.stay_class(v.entered_at, v.left_at)
               or v.effect is distinct from case
                   when v.kind = 'done' and l.kind is distinct from 'done' then 'finished'
                   when v.kind <> 'done' and l.kind = 'done' then 'reopened'
                   when l.left_at < v.entered_at then 'restored' end)";
    PAST_CLAIMS = "select c.key as place, format('card %s had %s claims and keeps %s of the past', c.key, c.claim_epoch,
                n.claims) as finding
        from kanban.cards as c
        cross join lateral (select count(*) as claims from kanban.past_claims as p
            where p.tenant_id = $1 and p.card_id = c.id and p.epoch <= c.claim_epoch) as n
        where c.tenant_id = $1 and n.claims <> c.claim_epoch - case when c.claim_agent is null then 0 else 1 end";
    CHECKPOINTS = "select b.key as place, format('board %s keeps other sums for %s than its visits have', b.key, k.at)
                as finding
        from kanban.flow_checkpoints as k
        join kanban.boards as b on b.tenant_id = $1 and b.id = k.board_id
        cross join lateral (
            select count(*) filter (where v.furthest < 1) as backlog,
                count(*) filter (where v.furthest < 2 and kanban.kind_rank(v.kind) >= 2) as todo,
                count(*) filter (where v.furthest < 3 and kanban.kind_rank(v.kind) >= 3) as doing,
                count(*) filter (where v.furthest < 4 and kanban.kind_rank(v.kind) >= 4) as done
            from kanban.column_visits as v
            where v.tenant_id = $1 and v.board_id = k.board_id and v.entered_at < k.at) as n
        where k.tenant_id = $1 and (k.backlog, k.todo, k.doing, k.done) <> (n.backlog, n.todo, n.doing, n.done)";
    SEARCH_WORDS = "select c.key as place, format('card %s is not searched by what it says', c.key) as finding
        from kanban.cards as c
        left join kanban.card_words as w on w.tenant_id = $1 and w.id = c.id
        where c.tenant_id = $1 and (w.board_id is distinct from c.board_id
            or w.title is distinct from kanban.search_vector(c.title)
            or w.words is distinct from w.title || kanban.search_vector(kanban.card_text(c))
            or exists (select from unnest(tsvector_to_array(w.words)) as n (word) where kanban.is_to_know(n.word)
                and not exists (select from kanban.known_words as k where k.tenant_id = $1 and k.word = n.word)))
        union all
        select c.key, format('a comment on card %s is not searched by what it says', c.key)
        from kanban.comments as m
        join kanban.cards as c on c.tenant_id = $1 and c.id = m.card_id
        left join kanban.comment_words as w on w.tenant_id = $1 and w.id = m.id
        where m.tenant_id = $1 and (w.board_id is distinct from c.board_id
            or w.words is distinct from kanban.search_vector(m.body)
            or exists (select from unnest(tsvector_to_array(w.words)) as n (word) where kanban.is_to_know(n.word)
                and not exists (select from kanban.known_words as k where k.tenant_id = $1 and k.word = n.word)))";
    /// For the check that nothing waits for itself, which is made on all links at once.
    BLOCKS = "select f.key, t.key from kanban.dependencies as d
        join kanban.cards as f on f.tenant_id = $1 and f.id = d.from_card
        join kanban.cards as t on t.tenant_id = $1 and t.id = d.to_card
        where d.tenant_id = $1 and d.type = 'blocks'";
}

/// What each check is called, with its statement.
const CHECKS: [(&str, super::Statement); 14] = [
    ("column counts", COLUMN_COUNTS),
    ("blocker counts", BLOCKER_COUNTS),
    ("event sequences", EVENT_SEQUENCES),
    ("tenant events", TENANT_EVENTS),
    ("workspaces", WORKSPACES),
    ("card numbers", CARD_NUMBERS),
    ("card status", CARD_STATUS),
    ("hours of last change", CHANGED_HOURS),
    ("positions", POSITIONS),
    ("column visits", VISITS),
    ("visit marks", VISIT_MARKS),
    ("past claims", PAST_CLAIMS),
    ("flow checkpoints", CHECKPOINTS),
    ("search words", SEARCH_WORDS),
];

#[derive(sqlx::FromRow)]
pub(crate) struct FindingRow {
    pub(crate) place: String,
    pub(crate) finding: String,
}

/// What every check found, and which key blocks which.
pub(crate) struct Examined {
    pub(crate) checks: Vec<(&'static str, Vec<FindingRow>)>,
    pub(crate) blocks: Vec<(String, String)>,
}

pub(crate) async fn examine(mut conn: Conn, tenant: &str) -> sqlx::Result<Examined> {
    // one snapshot for all checks, and time for large boards
    conn.begin(Begin::Snapshot).await?;
    sqlx::raw_sql("set local statement_timeout = 0").execute(&mut *conn).await?;
    let mut checks = Vec::with_capacity(CHECKS.len());
    for (name, statement) in CHECKS {
        checks.push((name, sqlx::query_as(statement.sql).bind(tenant).fetch_all(&mut *conn).await?));
    }
    let blocks = sqlx::query_as(BLOCKS.sql).bind(tenant).fetch_all(&mut *conn).await?;
    conn.end(false).await?;
    Ok(Examined { checks, blocks })
}
