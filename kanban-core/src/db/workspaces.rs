//! Workspaces.

use sqlx::types::{Json, Uuid};
use time::OffsetDateTime;

use super::{Conn, bind, moment, object, registered};
use crate::model::{Actor, NewWorkspace, Workspace, WorkspacePatch};

type Raw = Json<Box<serde_json::value::RawValue>>;

macro_rules! workspace_columns {
    () => {
        "id, version, name, description, metadata, created_at, updated_at, deleted_at"
    };
}

registered! {
    CREATE_WORKSPACE = concat!("select ", workspace_columns!(), " from kanban.create_workspace($1, $2, $3, $4, $5, $6)");
    GET_WORKSPACE = concat!("select ", workspace_columns!(), " from kanban.workspaces
        where tenant_id = $1 and id = $2 and deleted_at is null");
    LIST_WORKSPACES = concat!("select ", workspace_columns!(), " from kanban.workspaces
        where tenant_id = $1 and deleted_at is null and id > $2 order by id limit $3");
    /// Also those that were deleted.
    HAS_HAD_WORKSPACES = "select exists (select from kanban.workspaces where tenant_id = $1)";
    UPDATE_WORKSPACE = concat!("select ", workspace_columns!(), " from kanban.update_workspace($1, $2, $3, $4, $5, $6)");
}

#[derive(sqlx::FromRow)]
struct WorkspaceRow {
    id: Uuid,
    version: i64,
    name: String,
    description: String,
    metadata: Raw,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    deleted_at: Option<OffsetDateTime>,
}

impl From<WorkspaceRow> for Workspace {
    fn from(row: WorkspaceRow) -> Self {
        Self {
            id: row.id.into(),
            version: crate::Version(row.version),
            name: row.name,
            description: row.description,
            metadata: object(row.metadata),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            deleted_at: moment(row.deleted_at),
        }
    }
}

pub(crate) async fn create_workspace(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    new: &NewWorkspace,
) -> sqlx::Result<Workspace> {
    sqlx::query_as::<_, WorkspaceRow>(CREATE_WORKSPACE.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(&new.name)
        .bind(&new.description)
        .bind(Json(&new.metadata))
        .fetch_one(&mut *conn)
        .await
        .map(Workspace::from)
}

pub(crate) async fn get_workspace(mut conn: Conn, tenant: &str, id: Uuid) -> sqlx::Result<Option<Workspace>> {
    let row =
        sqlx::query_as::<_, WorkspaceRow>(GET_WORKSPACE.sql).bind(tenant).bind(id).fetch_optional(&mut *conn).await?;
    Ok(row.map(Workspace::from))
}

pub(crate) async fn list_workspaces(
    mut conn: Conn,
    tenant: &str,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Workspace>> {
    let rows = sqlx::query_as::<_, WorkspaceRow>(LIST_WORKSPACES.sql).bind(tenant).bind(after).bind(limit);
    Ok(rows.fetch_all(&mut *conn).await?.into_iter().map(Workspace::from).collect())
}

pub(crate) async fn has_had_workspaces(mut conn: Conn, tenant: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar(HAS_HAD_WORKSPACES.sql).bind(tenant).fetch_one(&mut *conn).await
}

pub(crate) async fn update_workspace(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    version: Option<i64>,
    patch: &WorkspacePatch,
    delete: bool,
) -> sqlx::Result<Workspace> {
    sqlx::query_as::<_, WorkspaceRow>(UPDATE_WORKSPACE.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(version)
        .bind(Json(patch))
        .bind(delete)
        .fetch_one(&mut *conn)
        .await
        .map(Workspace::from)
}
