//! Boards.

use serde::Serialize;
use sqlx::types::{Json, Uuid};
use time::OffsetDateTime;

use super::{Conn, bind, known, moment, object, registered};
use crate::model::{Actor, Board, BoardPatch, BoardRef, NewBoard, WorkspaceId};

type Raw = Json<Box<serde_json::value::RawValue>>;

macro_rules! board_columns {
    () => {
        "id, key, version, workspace_id, name, description, template, metadata, time_zone, seq, archived_at, \
         created_at, updated_at, deleted_at"
    };
}

registered! {
    CREATE_BOARD = concat!("select ", board_columns!(), "
        from kanban.create_board($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
    GET_BOARD = concat!("select ", board_columns!(), " from kanban.boards
        where tenant_id = $1 and deleted_at is null
          and id = kanban.board_id($1, $2, $3)");
    LIST_BOARDS = concat!("select ", board_columns!(), " from kanban.boards
        where tenant_id = $1 and deleted_at is null and id > $2
          and ($3::uuid is null or workspace_id = $3) and ($4::boolean is null or (archived_at is not null) = $4)
        order by id limit $5");
    UPDATE_BOARD = concat!("select ", board_columns!(), " from kanban.update_board($1, $2, $3, $4, $5, $6, $7, $8)");
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
        .bind(patch.workspace_id.map(WorkspaceId::uuid))
        .bind(Json(patch))
        .bind(delete)
        .fetch_one(&mut *conn)
        .await
        .map(Board::from)
}
