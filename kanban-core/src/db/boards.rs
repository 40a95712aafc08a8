//! Workspaces, boards and columns.

use serde::Serialize;
use sqlx::types::{Json, Uuid};
use time::OffsetDateTime;

use super::{Conn, bind, known, moment, object, registered};
use crate::model::{
    Actor, Board, BoardPatch, BoardRef, Column, ColumnPatch, NewBoard, NewColumn, NewWorkspace, Workspace,
};

type Raw = Json<Box<serde_json::value::RawValue>>;

macro_rules! workspace_columns {
    () => {
        "id, version, name, description, metadata, created_at, updated_at, deleted_at"
    };
}

macro_rules! board_columns {
    () => {
        "id, key, version, workspace_id, name, description, template, metadata, time_zone, seq, archived_at, \
         created_at, updated_at, deleted_at"
    };
}

macro_rules! column_columns {
    () => {
        "c.id, c.board_id, c.version, c.name, c.kind, \
         (select count(*) from kanban.columns as o \
          where o.tenant_id = $1 and o.board_id = c.board_id and o.deleted_at is null and o.position < c.position) \
             as place, \
         c.wip_limit, c.cards, c.metadata, c.created_at, c.updated_at, c.deleted_at"
    };
}

registered! {
    CREATE_WORKSPACE = concat!("select ", workspace_columns!(), " from kanban.create_workspace($1, $2, $3, $4, $5, $6)");
    GET_WORKSPACE = concat!("select ", workspace_columns!(), " from kanban.workspaces
        where tenant_id = $1 and id = $2 and deleted_at is null");
    LIST_WORKSPACES = concat!("select ", workspace_columns!(), " from kanban.workspaces
        where tenant_id = $1 and deleted_at is null and id > $2 order by id limit $3");
    CREATE_BOARD = concat!("select ", board_columns!(), "
        from kanban.create_board($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
    GET_BOARD = concat!("select ", board_columns!(), " from kanban.boards
        where tenant_id = $1 and deleted_at is null
          and id = coalesce($2, (select id from kanban.boards where tenant_id = $1 and key = $3))");
    LIST_BOARDS = concat!("select ", board_columns!(), " from kanban.boards
        where tenant_id = $1 and deleted_at is null and id > $2
          and ($3::uuid is null or workspace_id = $3) and ($4::boolean is null or (archived_at is not null) = $4)
        order by id limit $5");
    UPDATE_BOARD = concat!("select ", board_columns!(), " from kanban.update_board($1, $2, $3, $4, $5, $6, $7)");
    CREATE_COLUMN = concat!("select ", column_columns!(), "
        from kanban.create_column($1, $2, $3, $4, $5, $6, $7, $8, $9) as c");
    GET_COLUMN = concat!("select ", column_columns!(), " from kanban.columns as c
        where c.tenant_id = $1 and c.id = $2 and c.deleted_at is null");
    LIST_COLUMNS = concat!("select ", column_columns!(), " from kanban.columns as c
        where c.tenant_id = $1 and c.board_id = $2 and c.deleted_at is null order by c.position");
    UPDATE_COLUMN = concat!("select ", column_columns!(), " from kanban.update_column($1, $2, $3, $4, $5) as c");
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

#[derive(sqlx::FromRow)]
struct BoardRow {
    id: Uuid,
    key: String,
    version: i64,
    workspace_id: Uuid,
    name: String,
    description: String,
    template: String,
    metadata: Raw,
    time_zone: String,
    seq: i64,
    archived_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    deleted_at: Option<OffsetDateTime>,
}

impl From<BoardRow> for Board {
    fn from(row: BoardRow) -> Self {
        Self {
            id: row.id.into(),
            key: row.key,
            version: crate::Version(row.version),
            workspace_id: row.workspace_id.into(),
            name: row.name,
            description: row.description,
            template: known(&row.template),
            metadata: object(row.metadata),
            time_zone: row.time_zone,
            seq: row.seq,
            archived_at: moment(row.archived_at),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            deleted_at: moment(row.deleted_at),
        }
    }
}

#[derive(sqlx::FromRow)]
struct ColumnRow {
    id: Uuid,
    board_id: Uuid,
    version: i64,
    name: String,
    kind: String,
    place: i64,
    wip_limit: Option<i32>,
    cards: i32,
    metadata: Raw,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    deleted_at: Option<OffsetDateTime>,
}

impl From<ColumnRow> for Column {
    fn from(row: ColumnRow) -> Self {
        Self {
            id: row.id.into(),
            board_id: row.board_id.into(),
            version: crate::Version(row.version),
            name: row.name,
            kind: known(&row.kind),
            position: row.place,
            wip_limit: row.wip_limit,
            cards: row.cards,
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

/// A column of a board that is being created.
#[derive(Serialize)]
pub(crate) struct InitialColumn {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) wip_limit: Option<i32>,
}

pub(crate) async fn create_board(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    workspace: Uuid,
    key: &str,
    new: &NewBoard,
    columns: &[InitialColumn],
) -> sqlx::Result<Board> {
    sqlx::query_as::<_, BoardRow>(CREATE_BOARD.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(workspace)
        .bind(key)
        .bind(&new.name)
        .bind(&new.description)
        .bind(new.template.as_str())
        .bind(Json(&new.metadata))
        .bind(new.time_zone.as_deref().unwrap_or("UTC"))
        .bind(Json(columns))
        .fetch_one(&mut *conn)
        .await
        .map(Board::from)
}

pub(crate) async fn get_board(mut conn: Conn, tenant: &str, board: &BoardRef) -> sqlx::Result<Option<Board>> {
    let row = sqlx::query_as::<_, BoardRow>(GET_BOARD.sql).bind(tenant).bind(board.id()).bind(board.key());
    Ok(row.fetch_optional(&mut *conn).await?.map(Board::from))
}

pub(crate) async fn list_boards(
    mut conn: Conn,
    tenant: &str,
    after: Uuid,
    workspace: Option<Uuid>,
    archived: Option<bool>,
    limit: i64,
) -> sqlx::Result<Vec<Board>> {
    let rows = sqlx::query_as::<_, BoardRow>(LIST_BOARDS.sql)
        .bind(tenant)
        .bind(after)
        .bind(workspace)
        .bind(archived)
        .bind(limit)
        .fetch_all(&mut *conn)
        .await?;
    Ok(rows.into_iter().map(Board::from).collect())
}

pub(crate) async fn update_board(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    board: &BoardRef,
    version: Option<i64>,
    patch: &BoardPatch,
    delete: bool,
) -> sqlx::Result<Board> {
    sqlx::query_as::<_, BoardRow>(UPDATE_BOARD.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(board.id())
        .bind(board.key())
        .bind(version)
        .bind(Json(patch))
        .bind(delete)
        .fetch_one(&mut *conn)
        .await
        .map(Board::from)
}

pub(crate) async fn create_column(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    board: &BoardRef,
    id: Uuid,
    new: &NewColumn,
) -> sqlx::Result<Column> {
    sqlx::query_as::<_, ColumnRow>(CREATE_COLUMN.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(board.id())
        .bind(board.key())
        .bind(id)
        .bind(&new.name)
        .bind(new.kind.as_str())
        .bind(new.wip_limit)
        .bind(Json(&new.metadata))
        .fetch_one(&mut *conn)
        .await
        .map(Column::from)
}

pub(crate) async fn get_column(mut conn: Conn, tenant: &str, id: Uuid) -> sqlx::Result<Option<Column>> {
    let row = sqlx::query_as::<_, ColumnRow>(GET_COLUMN.sql).bind(tenant).bind(id).fetch_optional(&mut *conn).await?;
    Ok(row.map(Column::from))
}

pub(crate) async fn list_columns(mut conn: Conn, tenant: &str, board: Uuid) -> sqlx::Result<Vec<Column>> {
    let rows = sqlx::query_as::<_, ColumnRow>(LIST_COLUMNS.sql).bind(tenant).bind(board).fetch_all(&mut *conn).await?;
    Ok(rows.into_iter().map(Column::from).collect())
}

pub(crate) async fn update_column(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    version: Option<i64>,
    patch: &ColumnPatch,
) -> sqlx::Result<Column> {
    sqlx::query_as::<_, ColumnRow>(UPDATE_COLUMN.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(version)
        .bind(Json(patch))
        .fetch_one(&mut *conn)
        .await
        .map(Column::from)
}
