//! What a bulk needs besides the statements of its operations.

use sqlx::types::Uuid;

use super::{Conn, registered};

registered! {
    LOCK_FOR_BULK = "select id, key, version, board_id from kanban.lock_for_bulk($1, $2, $3, $4, $5, $6)";
}

/// A card that a bulk changes, as it was when the bulk had locked it.
#[derive(sqlx::FromRow)]
pub(crate) struct LockedRow {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) version: i64,
    pub(crate) board_id: Uuid,
}

/// What a bulk is going to write.
#[derive(Default)]
pub(crate) struct Locks {
    /// The columns that cards go to.
    pub(crate) columns: Vec<Uuid>,
    /// Whether cards come, go or change their column.
    pub(crate) moves: bool,
    pub(crate) ids: Vec<Uuid>,
    pub(crate) keys: Vec<String>,
}

pub(crate) async fn lock_for_bulk(
    mut conn: Conn,
    tenant: &str,
    board: Uuid,
    locks: &Locks,
) -> sqlx::Result<Vec<LockedRow>> {
    sqlx::query_as(LOCK_FOR_BULK.sql)
        .bind(tenant)
        .bind(board)
        .bind(&locks.columns)
        .bind(locks.moves)
        .bind(&locks.ids)
        .bind(&locks.keys)
        .fetch_all(&mut *conn)
        .await
}
