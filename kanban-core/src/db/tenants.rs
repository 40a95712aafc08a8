//! Tenants, and what all processes on a database share.

use super::{Conn, registered};

registered! {
    CREATE_TENANT = "select kanban.create_tenant($1)";
    TENANT_EXISTS = "select exists (select from kanban.tenants where id = $1)";
    CURSOR_KEY = "select value from kanban.secrets where name = 'cursor_key'";
    /// Trigrams of a letter beyond ASCII: none where the database's LC_CTYPE knows no such letters.
    TRIGRAMS = "select cardinality(show_trgm('é'))";
    SCHEMA_VERSION = "select max(version) from kanban.migrations where success";
    TIME_ZONES = "select name from pg_timezone_names";
    PING = "select 1";
}

pub(crate) async fn create_tenant(mut conn: Conn, id: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar(CREATE_TENANT.sql).bind(id).fetch_one(&mut *conn).await
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

pub(crate) async fn schema_version(mut conn: Conn) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(SCHEMA_VERSION.sql).fetch_one(&mut *conn).await
}

pub(crate) async fn time_zones(mut conn: Conn) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(TIME_ZONES.sql).fetch_all(&mut *conn).await
}

pub(crate) async fn ping(mut conn: Conn) -> sqlx::Result<()> {
    sqlx::query(PING.sql).execute(&mut *conn).await.map(drop)
}
