//! What waits for what, beyond one link: blockers, and the graph of the unresolved ones.

use sqlx::types::Uuid;
use time::OffsetDateTime;

use super::{Conn, known, moment, registered};
use crate::model::{BoardRef, CardBrief, CardRef};

macro_rules! brief_columns {
    () => {
        "c.id, c.key, c.title, c.status, case when c.lease_until > now() then c.claim_agent end as claimed_by, \
         c.assignees, c.started_at"
    };
}

/// The links of the cards $2 and of all that can be reached from them, to cards that hold others back: who waits and for
/// what. It says in place what `kanban.holds_back` says, which is too slow to be called for each of thousands of cards.
/// `offset 0` makes it one look into the index for each, whatever the planner knows of the table.
macro_rules! reached {
    ($near:literal, $far:literal) => {
        concat!(
            "with recursive reached (card) as (
                select card from unnest($2::uuid[]) as s (card)
                union
                select l.card from reached cross join lateral (",
            links!($near, $far),
            ") as l
            )
            select l.waits, l.blocks from reached cross join lateral (",
            links!($near, $far),
            ") as l"
        )
    };
}

macro_rules! links {
    ($near:literal, $far:literal) => {
        concat!(
            "select d.to_card as waits, d.from_card as blocks, d.",
            $far,
            " as card
            from kanban.dependencies as d
            where d.tenant_id = $1 and d.",
            $near,
            " = reached.card and d.type = 'blocks' and (
                select c.finished_at is null and c.deleted_at is null and (
                    select b.archived_at is null and b.deleted_at is null from kanban.boards as b
                    where b.tenant_id = $1 and b.id = c.board_id)
                from kanban.cards as c where c.tenant_id = $1 and c.id = d.",
            $far,
            ")
            offset 0"
        )
    };
}

registered! {
    /// The unresolved blockers of an agent's open cards: those that it has claimed or is assigned to.
    BLOCKERS = concat!("with mine as (
            select c.id, c.key from kanban.cards as c
            where c.tenant_id = $1 and c.claim_agent = $2 and c.finished_at is null and c.deleted_at is null
              and c.open_blockers > 0 and ($3::uuid is null or c.board_id = $3)
            union
            select c.id, c.key
            from kanban.assigned_cards($1, $2) as a (id)
            join kanban.cards as c on c.tenant_id = $1 and c.id = a.id
            where c.open_blockers > 0 and ($3::uuid is null or c.board_id = $3)
        )
        select ", brief_columns!(), ", m.key as waiting_key, s.since, now() as now,
            count(*) over () as total
        from mine as m
        join kanban.dependencies as d on d.tenant_id = $1 and d.to_card = m.id and d.type = 'blocks'
        join kanban.cards as c on c.tenant_id = $1 and c.id = d.from_card
        cross join lateral (
            -- it did not block while it was finished or deleted
            select greatest(d.created_at, max(v.entered_at)) as since from kanban.column_visits as v
            where v.tenant_id = $1 and v.card_id = c.id and v.effect in ('reopened', 'restored')) as s
        where kanban.holds_back($1, c.id)
        order by s.since, c.id, m.id
        limit $4");
    IN_FRONT = reached!("to_card", "from_card");
    BEHIND = reached!("from_card", "to_card");
    BLOCKED_CARDS = "select id from kanban.cards
        where tenant_id = $1 and board_id = $2 and open_blockers > 0 and finished_at is null and deleted_at is null";
    CARD_BRIEFS = concat!("select ", brief_columns!(), " from kanban.cards as c
        where c.tenant_id = $1 and c.id = any ($2)");
    CARD_KEYS = "select id, key from kanban.cards where tenant_id = $1 and id = any ($2)";
    /// A card, and whether finishing it would still change anything.
    CARD_TO_RESOLVE = "select c.id, c.key, kanban.holds_back($1, c.id) as is_open from kanban.cards as c
        where c.tenant_id = $1 and c.deleted_at is null
          and c.id = kanban.card_id($1, $2, $3)";
    /// What waits for this card and for no other.
    FREED = concat!("select ", brief_columns!(), "
        from kanban.dependencies as d
        join kanban.cards as c on c.tenant_id = $1 and c.id = d.to_card
        where d.tenant_id = $1 and d.from_card = $2 and d.type = 'blocks' and c.open_blockers = 1
          and kanban.holds_back($1, c.id)
        order by c.id");
    BOARD_TO_READ = "select id from kanban.boards
        where tenant_id = $1 and deleted_at is null
          and id = kanban.board_id($1, $2, $3)";
}

#[derive(sqlx::FromRow)]
pub(crate) struct BriefRow {
    id: Uuid,
    key: String,
    title: String,
    status: String,
    claimed_by: Option<String>,
    assignees: Vec<String>,
    started_at: Option<OffsetDateTime>,
}

impl From<BriefRow> for CardBrief {
    fn from(row: BriefRow) -> Self {
        Self {
            id: row.id.into(),
            key: row.key,
            title: row.title,
            status: known(&row.status),
            claimed_by: row.claimed_by,
            assignees: row.assignees,
            started_at: moment(row.started_at),
        }
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct BlockerRow {
    #[sqlx(flatten)]
    pub(crate) brief: BriefRow,
    pub(crate) waiting_key: String,
    pub(crate) since: OffsetDateTime,
    pub(crate) now: OffsetDateTime,
    pub(crate) total: i64,
}

/// Which way to go along the links.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// To what is waited for.
    InFront,
    /// To what waits.
    Behind,
}

#[derive(sqlx::FromRow)]
pub(crate) struct CardToResolve {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) is_open: bool,
}

pub(crate) async fn blockers(
    mut conn: Conn,
    tenant: &str,
    agent: &str,
    board: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<BlockerRow>> {
    let query = sqlx::query_as(BLOCKERS.sql).bind(tenant).bind(agent).bind(board).bind(limit);
    query.fetch_all(&mut *conn).await
}

/// Who waits for whom, as far as it can be reached from these cards.
pub(crate) async fn waits(mut conn: Conn, tenant: &str, way: Way, from: &[Uuid]) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
    let statement = match way {
        Way::InFront => IN_FRONT,
        Way::Behind => BEHIND,
    };
    sqlx::query_as(statement.sql).bind(tenant).bind(from).fetch_all(&mut *conn).await
}

pub(crate) async fn blocked_cards(mut conn: Conn, tenant: &str, board: Uuid) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(BLOCKED_CARDS.sql).bind(tenant).bind(board).fetch_all(&mut *conn).await
}

/// The cards with these ids, in that order.
pub(crate) async fn briefs(mut conn: Conn, tenant: &str, ids: &[Uuid]) -> sqlx::Result<Vec<CardBrief>> {
    let mut rows: Vec<BriefRow> = sqlx::query_as(CARD_BRIEFS.sql).bind(tenant).bind(ids).fetch_all(&mut *conn).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    Ok(rows.into_iter().map(CardBrief::from).collect())
}

pub(crate) async fn keys(mut conn: Conn, tenant: &str, ids: &[Uuid]) -> sqlx::Result<Vec<(Uuid, String)>> {
    sqlx::query_as(CARD_KEYS.sql).bind(tenant).bind(ids).fetch_all(&mut *conn).await
}

pub(crate) async fn card_to_resolve(
    mut conn: Conn,
    tenant: &str,
    card: &CardRef,
) -> sqlx::Result<Option<CardToResolve>> {
    let query = sqlx::query_as(CARD_TO_RESOLVE.sql).bind(tenant).bind(card.id()).bind(card.key());
    query.fetch_optional(&mut *conn).await
}

pub(crate) async fn freed(mut conn: Conn, tenant: &str, card: Uuid) -> sqlx::Result<Vec<CardBrief>> {
    let rows: Vec<BriefRow> = sqlx::query_as(FREED.sql).bind(tenant).bind(card).fetch_all(&mut *conn).await?;
    Ok(rows.into_iter().map(CardBrief::from).collect())
}

pub(crate) async fn board_to_read(mut conn: Conn, tenant: &str, board: &BoardRef) -> sqlx::Result<Option<Uuid>> {
    let query = sqlx::query_scalar(BOARD_TO_READ.sql).bind(tenant).bind(board.id()).bind(board.key());
    query.fetch_optional(&mut *conn).await
}
