//! Tenants, and what all processes on a database share.

use super::{Conn, registered};

registered! {
    CREATE_TENANT = "insert into kanban.tenants (id) values ($1) on conflict (id) do nothing";
    TENANT_EXISTS = "select exists (select from kanban.tenants where id = $1)";
    CURSOR_KEY = "select value from kanban.secrets where name = 'cursor_key'";
    /// Trigrams of a letter beyond ASCII: none where the database's LC_CTYPE knows no such letters.
    TRIGRAMS = "select cardinality(show_trgm('é'))";
    PING = "select 1";
}

pub(crate) async fn create_tenant(mut conn: Conn, id: &str) -> sqlx::Result<bool> {
    Ok(sqlx::query(CREATE_TENANT.sql).bind(id).execute(&mut *conn).await?.rows_affected() == 1)
}

pub(crate) async fn tenant_exists(mut conn: Conn, id: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar(TENANT_EXISTS.sql).bind(id).fetch_one(&mut *conn).await
}

pub(crate) async fn cursor_key(mut conn: Conn) -> sqlx::Result<Vec<u8>> {
    sqlx::query_scalar(CURSOR_KEY.sql).fetch_one(&mut *conn).await
}

pub(crate) async fn knows_letters(mut conn: Conn) -> sqlx::Result<bool> {
    let trigrams: i32 = sqlx::query_scalar(TRIGRAMS.sql).fetch_one(&mut *conn).await?;
    Ok(trigrams > 0)
}

pub(crate) async fn ping(mut conn: Conn) -> sqlx::Result<()> {
    sqlx::query(PING.sql).execute(&mut *conn).await.map(drop)
}
