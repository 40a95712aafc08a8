//! Ready work, claims and leases.

use sqlx::types::Uuid;
use time::OffsetDateTime;

use super::cards::{CardRow, card_columns};
use super::{Conn, bind, registered};
use crate::model::{Actor, BoardRef, Card, CardRef, ClaimNext, ClaimOptions};

registered! {
    /// The columns of the ready list are what its order and cursor rest on; the card comes beside them.
    NEXT_TASKS = concat!("select ", card_columns!(), ", r.rank as ready_rank, r.priority as ready_priority,
            nullif(r.due, 'infinity') as ready_due
        from kanban.ready_cards(
            $1, $2, $2,
            case when $3::uuid is null and $4::text is null then null
                 else array(select id from kanban.boards where tenant_id = $1 and (id = $3 or key = $4)) end,
            '{}', $5, now(), $6, $7, coalesce($8, case when $6 < 0 then '-infinity' else 'infinity' end::timestamptz),
            $9, $10, $11) as r
        join kanban.cards as c on c.tenant_id = $1 and c.id = r.id
        order by r.rank, r.priority, r.due, r.position, r.id");
    CLAIM_NEXT = concat!("select ", card_columns!(), "
        from kanban.claim_next($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as c");
    CLAIM_CARD = concat!("select ", card_columns!(), " from kanban.claim_card($1, $2, $3, $4, $5, $6, $7, $8) as c");
    HEARTBEAT = concat!("select ", card_columns!(), " from kanban.heartbeat_card($1, $2, $3, $4, $5, $6, $7) as c");
    RELEASE = concat!("select ", card_columns!(), " from kanban.release_card($1, $2, $3, $4, $5, $6) as c");
    COMPLETE = concat!("select ", card_columns!(), " from kanban.complete_card($1, $2, $3, $4, $5) as c");
    /// What stands in the way when nothing was claimed. Each part reads an index that holds only what it asks for.
    WHY_NOTHING = "with open_boards as materialized (
            select b.id from kanban.boards as b
            where b.tenant_id = $1 and b.archived_at is null and b.deleted_at is null
              and (($2::uuid is null and $3::text is null) or b.id = $2 or b.key = $3)
        ),
        claimed as (
            select c.claim_agent, c.lease_until from kanban.cards as c join open_boards as b on b.id = c.board_id
            where c.tenant_id = $1 and c.claim_agent is not null and c.lease_until > now() and c.deleted_at is null
        )
        select
            (select count(*) from open_boards as b join kanban.cards as c on c.tenant_id = $1 and c.board_id = b.id
             where c.open_blockers > 0 and c.finished_at is null and c.deleted_at is null) as blocked,
            (select count(*) from claimed) as claimed,
            (select count(*) from claimed where claim_agent = $4) as held,
            exists (select from kanban.ready_cards($1, $4, '', array(select id from open_boards), '{}', $5, now(), -1, -1,
                        '-infinity', 0, '00000000-0000-0000-0000-000000000000', 1)) as startable,
            (select ceil(extract(epoch from min(lease_until) - now()))::bigint from claimed) as retry_after";
}

#[derive(sqlx::FromRow)]
pub(crate) struct ReadyRow {
    #[sqlx(flatten)]
    pub(crate) card: CardRow,
    pub(crate) ready_rank: i32,
    pub(crate) ready_priority: i32,
    pub(crate) ready_due: Option<OffsetDateTime>,
}

/// The row behind which a list of ready work goes on.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct ReadyPlace {
    pub(crate) rank: i32,
    pub(crate) priority: i32,
    pub(crate) due: Option<crate::Timestamp>,
    pub(crate) position: i64,
    pub(crate) card: Uuid,
}

impl ReadyPlace {
    pub(crate) fn start() -> Self {
        Self { rank: -1, priority: -1, due: None, position: 0, card: Uuid::nil() }
    }
}

pub(crate) async fn next_tasks(
    mut conn: Conn,
    tenant: &str,
    agent: &str,
    board: Option<&BoardRef>,
    labels: &[String],
    after: &ReadyPlace,
    rows: i64,
) -> sqlx::Result<Vec<ReadyRow>> {
    sqlx::query_as(NEXT_TASKS.sql)
        .bind(tenant)
        .bind(agent)
        .bind(board.and_then(BoardRef::id))
        .bind(board.and_then(BoardRef::key))
        .bind(labels)
        .bind(after.rank)
        .bind(after.priority)
        .bind(after.due.map(crate::Timestamp::to_offset_date_time))
        .bind(after.position)
        .bind(after.card)
        .bind(rows as i32)
        .fetch_all(&mut *conn)
        .await
}

pub(crate) async fn claim_next(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    agent: &str,
    options: &ClaimNext,
) -> sqlx::Result<Vec<Card>> {
    let rows = sqlx::query_as::<_, CardRow>(CLAIM_NEXT.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(agent)
        .bind(options.board.as_ref().and_then(BoardRef::id))
        .bind(options.board.as_ref().and_then(BoardRef::key))
        .bind(&options.labels)
        .bind(options.limit as i32)
        .bind(options.ttl_seconds as i32)
        .bind(options.start)
        .bind(options.capacity.map(|capacity| capacity as i32))
        .fetch_all(&mut *conn)
        .await?;
    Ok(rows.into_iter().map(Card::from).collect())
}

#[derive(sqlx::FromRow)]
pub(crate) struct WhyNothing {
    pub(crate) blocked: i64,
    pub(crate) claimed: i64,
    pub(crate) held: i64,
    pub(crate) startable: bool,
    pub(crate) retry_after: Option<i64>,
}

pub(crate) async fn why_nothing(
    mut conn: Conn,
    tenant: &str,
    agent: &str,
    options: &ClaimNext,
) -> sqlx::Result<WhyNothing> {
    sqlx::query_as(WHY_NOTHING.sql)
        .bind(tenant)
        .bind(options.board.as_ref().and_then(BoardRef::id))
        .bind(options.board.as_ref().and_then(BoardRef::key))
        .bind(agent)
        .bind(&options.labels)
        .fetch_one(&mut *conn)
        .await
}

pub(crate) async fn claim_card(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    card: &CardRef,
    agent: &str,
    options: &ClaimOptions,
) -> sqlx::Result<Card> {
    sqlx::query_as::<_, CardRow>(CLAIM_CARD.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(card.id())
        .bind(card.key())
        .bind(agent)
        .bind(options.ttl_seconds as i32)
        .bind(options.start)
        .bind(options.capacity.map(|capacity| capacity as i32))
        .fetch_one(&mut *conn)
        .await
        .map(Card::from)
}

pub(crate) async fn heartbeat(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    card: &CardRef,
    epoch: i64,
    ttl: i32,
    max_age: i32,
) -> sqlx::Result<Card> {
    sqlx::query_as::<_, CardRow>(HEARTBEAT.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(card.id())
        .bind(card.key())
        .bind(epoch)
        .bind(ttl)
        .bind(max_age)
        .fetch_one(&mut *conn)
        .await
        .map(Card::from)
}

pub(crate) async fn release(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    card: &CardRef,
    epoch: i64,
    reason: Option<&str>,
) -> sqlx::Result<Card> {
    sqlx::query_as::<_, CardRow>(RELEASE.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(card.id())
        .bind(card.key())
        .bind(epoch)
        .bind(reason)
        .fetch_one(&mut *conn)
        .await
        .map(Card::from)
}

pub(crate) async fn complete(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    card: &CardRef,
    epoch: i64,
) -> sqlx::Result<Card> {
    sqlx::query_as::<_, CardRow>(COMPLETE.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(card.id())
        .bind(card.key())
        .bind(epoch)
        .fetch_one(&mut *conn)
        .await
        .map(Card::from)
}
