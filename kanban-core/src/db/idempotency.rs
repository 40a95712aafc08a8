//! Keys under which answers are kept.

use super::{Conn, registered};

registered! {
    TAKE_IDEMPOTENCY_KEY = "select is_new, is_same, answer from kanban.take_idempotency_key($1, $2, $3, $4, $5)";
    KEEP_ANSWER = "update kanban.idempotency_keys set answer = $4 where tenant_id = $1 and caller = $2 and key = $3";
}

/// What a key stands for.
#[derive(sqlx::FromRow)]
pub(crate) struct KeyRow {
    pub(crate) is_new: bool,
    /// It was taken for the same request.
    pub(crate) is_same: bool,
    pub(crate) answer: Option<Vec<u8>>,
}

pub(crate) async fn take_idempotency_key(
    mut conn: Conn,
    tenant: &str,
    caller: &str,
    key: &str,
    fingerprint: &[u8],
    keep_seconds: i32,
) -> sqlx::Result<KeyRow> {
    sqlx::query_as(TAKE_IDEMPOTENCY_KEY.sql)
        .bind(tenant)
        .bind(caller)
        .bind(key)
        .bind(fingerprint)
        .bind(keep_seconds)
        .fetch_one(&mut *conn)
        .await
}

pub(crate) async fn keep_answer(
    mut conn: Conn,
    tenant: &str,
    caller: &str,
    key: &str,
    answer: &[u8],
) -> sqlx::Result<()> {
    sqlx::query(KEEP_ANSWER.sql).bind(tenant).bind(caller).bind(key).bind(answer).execute(&mut *conn).await.map(drop)
}
