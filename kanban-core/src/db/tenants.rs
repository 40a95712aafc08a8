//! Tenants, and what all processes on a database share.

use sqlx::types::Json;
use time::OffsetDateTime;

use super::{Conn, bind, moment, registered};
use crate::model::{Actor, Tenant};
use crate::tenant::OPERATORS;

macro_rules! tenant_columns {
    () => {
        "t.id, t.created_at, t.suspended_at, t.deleted_at"
    };
}

registered! {
    CREATE_TENANT = "select (tenant).id, (tenant).created_at, (tenant).suspended_at, (tenant).deleted_at, is_new
        from kanban.create_tenant($1, $2)";
    GET_TENANT = concat!("select ", tenant_columns!(), " from kanban.tenants as t where t.id = $1");
    LIST_TENANTS = concat!("select ", tenant_columns!(), " from kanban.list_tenants($1, $2) as t");
    SUSPEND_TENANT = concat!("select ", tenant_columns!(), " from kanban.suspend_tenant($1, $2, $3) as t");
    DELETE_TENANT = concat!("select ", tenant_columns!(), " from kanban.delete_tenant($1, $2) as t");
    PURGE_TENANT = "select kanban.purge_tenant($1, $2)";
    RECORD_DELETION = "select kanban.record_deletion($1, $2, $3)::text";
    TENANT_EXISTS = "select exists (select from kanban.tenants where id = $1)";
    CURSOR_KEY = "select value from kanban.secrets where name = 'cursor_key'";
    /// Trigrams of a letter beyond ASCII: none where the database's LC_CTYPE knows no such letters.
    TRIGRAMS = "select cardinality(show_trgm('é'))";
    SCHEMA_VERSION = "select max(version) from kanban.migrations where success";
    TIME_ZONES = "select name from pg_timezone_names";
    PING = "select 1";
}

#[derive(sqlx::FromRow)]
struct TenantRow {
    id: String,
    created_at: OffsetDateTime,
    suspended_at: Option<OffsetDateTime>,
    deleted_at: Option<OffsetDateTime>,
}

impl From<TenantRow> for Tenant {
    fn from(row: TenantRow) -> Self {
        Self {
            id: row.id.parse().expect("a check constraint holds it to be a tenant's name"),
            created_at: row.created_at.into(),
            suspended_at: moment(row.suspended_at),
            deleted_at: moment(row.deleted_at),
        }
    }
}

#[derive(sqlx::FromRow)]
struct CreatedRow {
    #[sqlx(flatten)]
    tenant: TenantRow,
    is_new: bool,
}

/// Who looks after tenants comes with a token of their own tenant.
fn operator(actor: &Actor) -> Json<serde_json::Value> {
    let mut actor = serde_json::json!(actor);
    actor["token_tenant"] = OPERATORS.into();
    Json(actor)
}

/// The tenant, and whether it is new.
pub(crate) async fn create_tenant(mut conn: Conn, id: &str, actor: &Actor) -> sqlx::Result<(Tenant, bool)> {
    let row = sqlx::query_as::<_, CreatedRow>(CREATE_TENANT.sql).bind(id).bind(operator(actor)).fetch_one(&mut *conn);
    row.await.map(|row| (row.tenant.into(), row.is_new))
}

pub(crate) async fn get_tenant(mut conn: Conn, id: &str) -> sqlx::Result<Option<Tenant>> {
    let row = sqlx::query_as::<_, TenantRow>(GET_TENANT.sql).bind(id).fetch_optional(&mut *conn).await?;
    Ok(row.map(Tenant::from))
}

pub(crate) async fn list_tenants(mut conn: Conn, after: &str, rows: i64) -> sqlx::Result<Vec<Tenant>> {
    let rows = sqlx::query_as::<_, TenantRow>(LIST_TENANTS.sql).bind(after).bind(rows).fetch_all(&mut *conn).await?;
    Ok(rows.into_iter().map(Tenant::from).collect())
}

pub(crate) async fn suspend_tenant(mut conn: Conn, id: &str, actor: &Actor, suspend: bool) -> sqlx::Result<Tenant> {
    let row = sqlx::query_as::<_, TenantRow>(SUSPEND_TENANT.sql).bind(id).bind(operator(actor)).bind(suspend);
    row.fetch_one(&mut *conn).await.map(Tenant::from)
}

pub(crate) async fn delete_tenant(mut conn: Conn, id: &str, actor: &Actor) -> sqlx::Result<Tenant> {
    let row = sqlx::query_as::<_, TenantRow>(DELETE_TENANT.sql).bind(id).bind(operator(actor));
    row.fetch_one(&mut *conn).await.map(Tenant::from)
}

/// Takes some of what a deleted tenant has, and answers how many rows.
pub(crate) async fn purge_tenant(mut conn: Conn, id: &str, rows: i32) -> sqlx::Result<i64> {
    sqlx::query_scalar(PURGE_TENANT.sql).bind(id).bind(rows).fetch_one(&mut *conn).await
}

pub(crate) async fn record_deletion(mut conn: Conn, tenant: &str, actor: &Actor, deleted: &str) -> sqlx::Result<()> {
    let query = sqlx::query(RECORD_DELETION.sql).bind(tenant).bind(bind(actor)).bind(deleted);
    query.execute(&mut *conn).await.map(drop)
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
