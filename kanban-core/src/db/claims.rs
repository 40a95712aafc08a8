//! Claims and leases.

use super::cards::{CardRow, card_columns};
use super::tasks::task_filter;
use super::{Conn, bind, registered};
use crate::model::{Actor, BoardRef, Card, CardRef, ClaimNext, ClaimOptions, Priority, TaskFilter, Timestamp};

registered! {
    CLAIM_NEXT = concat!("select ", card_columns!(), "
        from kanban.claim_next($1, $2, $3, $4, $5, ", task_filter!("$6", "$7", "$8", "$9", "$10"), ",
            $11, $12, $13, $14) as c");
    CLAIM_CARD = concat!("select ", card_columns!(), " from kanban.claim_card($1, $2, $3, $4, $5, $6, $7, $8) as c");
    HEARTBEAT = concat!("select ", card_columns!(), " from kanban.heartbeat_card($1, $2, $3, $4, $5, $6, $7) as c");
    RELEASE = concat!("select ", card_columns!(), " from kanban.release_card($1, $2, $3, $4, $5, $6) as c");
    COMPLETE = concat!("select ", card_columns!(), " from kanban.complete_cards($1, $2, $3, $4, $5) as c");
    /// What stands in the way when nothing was claimed. Each part reads an index that holds only what it asks for.
    WHY_NOTHING = concat!("with open_boards as materialized (
            select b.id from kanban.boards as b
            where b.tenant_id = $1 and b.archived_at is null and b.deleted_at is null
              and (($2::uuid is null and $3::text is null) or b.id = $2 or b.key = $3)
        ),
        claimed as (
            select c.lease_until from kanban.cards as c join open_boards as b on b.id = c.board_id
            where c.tenant_id = $1 and c.claim_agent is not null and c.lease_until > now() and c.deleted_at is null
        ),
        -- on whatever board: the capacity is the agent's
        held as (
            select c.lease_until from kanban.cards as c
            where c.tenant_id = $1 and c.claim_agent = $4 and c.lease_until > now() and c.deleted_at is null
        )
        select
            (select count(*) from open_boards as b join kanban.cards as c on c.tenant_id = $1 and c.board_id = b.id
             where c.open_blockers > 0 and c.finished_at is null and c.deleted_at is null) as blocked,
            (select count(*) from claimed) as claimed,
            (select count(*) from held) as held,
            exists (select from kanban.ready_cards($1, $4, '', array(select id from open_boards), '{}', ",
                        task_filter!("$5", "$6", "$7", "$8", "$9"), ", now(), -1, -1, '-infinity', 0,
                        '00000000-0000-0000-0000-000000000000', 1)) as startable,
            (select ceil(extract(epoch from min(lease_until) - now()))::bigint from claimed) as next_end,
            (select ceil(extract(epoch from min(lease_until) - now()))::bigint from held) as next_own_end");
}

/// One agent that claims, and as whom.
#[derive(Clone)]
pub(crate) struct Claimant {
    pub(crate) agent: String,
    pub(crate) actor: Actor,
}

/// What each of these agents is to work on next.
pub(crate) async fn claim_next(
    mut conn: Conn,
    tenant: &str,
    claimants: &[Claimant],
    options: &ClaimNext,
) -> sqlx::Result<Vec<Card>> {
    let filter = options.filter();
    let rows = sqlx::query_as::<_, CardRow>(CLAIM_NEXT.sql)
        .bind(tenant)
        .bind(claimants.iter().map(|claimant| bind(&claimant.actor)).collect::<Vec<_>>())
        .bind(claimants.iter().map(|claimant| claimant.agent.as_str()).collect::<Vec<_>>())
        .bind(filter.board.and_then(BoardRef::id))
        .bind(filter.board.and_then(BoardRef::key))
        .bind(filter.labels)
        .bind(filter.capabilities)
        .bind(filter.priority.map(Priority::rank))
        .bind(filter.due_after.map(Timestamp::to_offset_date_time))
        .bind(filter.due_before.map(Timestamp::to_offset_date_time))
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
    pub(crate) next_end: Option<i64>,
    pub(crate) next_own_end: Option<i64>,
}

pub(crate) async fn why_nothing(
    mut conn: Conn,
    tenant: &str,
    agent: &str,
    filter: &TaskFilter<'_>,
) -> sqlx::Result<WhyNothing> {
    sqlx::query_as(WHY_NOTHING.sql)
        .bind(tenant)
        .bind(filter.board.and_then(BoardRef::id))
        .bind(filter.board.and_then(BoardRef::key))
        .bind(agent)
        .bind(filter.labels)
        .bind(filter.capabilities)
        .bind(filter.priority.map(Priority::rank))
        .bind(filter.due_after.map(Timestamp::to_offset_date_time))
        .bind(filter.due_before.map(Timestamp::to_offset_date_time))
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

/// Claimed work that is done, and who says so.
#[derive(Clone)]
pub(crate) struct Completion {
    pub(crate) card: CardRef,
    pub(crate) epoch: i64,
    pub(crate) actor: Actor,
}

/// Finishes cards of one board, all of them or none.
pub(crate) async fn complete(mut conn: Conn, tenant: &str, done: &[Completion]) -> sqlx::Result<Vec<Card>> {
    let rows = sqlx::query_as::<_, CardRow>(COMPLETE.sql)
        .bind(tenant)
        .bind(done.iter().map(|done| bind(&done.actor)).collect::<Vec<_>>())
        .bind(done.iter().map(|done| done.card.id()).collect::<Vec<_>>())
        .bind(done.iter().map(|done| done.card.key()).collect::<Vec<_>>())
        .bind(done.iter().map(|done| done.epoch).collect::<Vec<_>>())
        .fetch_all(&mut *conn)
        .await?;
    Ok(rows.into_iter().map(Card::from).collect())
}
