//! Refused writes, counted.

use sqlx::types::Uuid;

use super::{Conn, registered};
use crate::model::{ActorKind, Collisions};

registered! {
    /// Adds to the counts of this minute.
    COUNT_COLLISIONS = "insert into kanban.collisions as c
            (tenant_id, minute, board_id, actor_kind, actor_id, versions, epochs)
        select $1, date_trunc('minute', now()), r.board_id, r.actor_kind, r.actor_id, r.versions, r.epochs
        from unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
            as r (board_id, actor_kind, actor_id, versions, epochs)
        order by r.actor_id, r.board_id, r.actor_kind
        on conflict on constraint collisions_pk do update
        set versions = c.versions + excluded.versions, epochs = c.epochs + excluded.epochs";
}

/// Whose writes, and on which board; the nil id for what belongs to none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Counted {
    pub(crate) board: Uuid,
    pub(crate) kind: ActorKind,
    pub(crate) actor: String,
}

#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub(crate) struct CollisionsRow {
    pub(crate) versions: i64,
    pub(crate) epochs: i64,
}

impl From<CollisionsRow> for Collisions {
    fn from(row: CollisionsRow) -> Self {
        Self { versions: row.versions, epochs: row.epochs }
    }
}

pub(crate) async fn count(mut conn: Conn, tenant: &str, counts: &[(Counted, CollisionsRow)]) -> sqlx::Result<()> {
    sqlx::query(COUNT_COLLISIONS.sql)
        .bind(tenant)
        .bind(counts.iter().map(|(whose, _)| whose.board).collect::<Vec<_>>())
        .bind(counts.iter().map(|(whose, _)| whose.kind.as_str()).collect::<Vec<_>>())
        .bind(counts.iter().map(|(whose, _)| whose.actor.as_str()).collect::<Vec<_>>())
        .bind(counts.iter().map(|(_, count)| count.versions).collect::<Vec<_>>())
        .bind(counts.iter().map(|(_, count)| count.epochs).collect::<Vec<_>>())
        .execute(&mut *conn)
        .await
        .map(drop)
}
