//! Columns.

use sqlx::types::{Json, Uuid};
use time::OffsetDateTime;

use super::{Conn, bind, known, moment, object, registered};
use crate::model::{Actor, BoardRef, Column, ColumnId, ColumnPatch, ColumnPlace, NewColumn};

type Raw = Json<Box<serde_json::value::RawValue>>;

macro_rules! column_columns {
    ($place:literal) => {
        concat!(
            "c.id, c.board_id, c.version, c.name, c.kind, ",
            $place,
            " as place, c.wip_limit, c.cards, c.metadata, c.created_at, c.updated_at, c.deleted_at"
        )
    };
}

/// For reading: the place is counted in what the statement sees.
macro_rules! read_columns {
    () => {
        column_columns!(
            "(select count(*) from kanban.columns as o \
              where o.tenant_id = $1 and o.board_id = c.board_id and o.deleted_at is null and o.position < c.position)"
        )
    };
}

/// For what a mutation answers: the place is counted after it.
macro_rules! written_columns {
    () => {
        column_columns!("kanban.column_place(c)")
    };
}

registered! {
    CREATE_COLUMN = concat!("select ", written_columns!(), "
        from kanban.create_column($1, $2, $3, $4, $5, $6, $7, $8, $9) as c");
    GET_COLUMN = concat!("select ", read_columns!(), " from kanban.columns as c
        join kanban.boards as b on b.tenant_id = $1 and b.id = c.board_id and b.deleted_at is null
        where c.tenant_id = $1 and c.id = $2 and c.deleted_at is null");
    LIST_COLUMNS = concat!("select ", read_columns!(), " from kanban.columns as c
        where c.tenant_id = $1 and c.board_id = $2 and c.deleted_at is null order by c.position");
    UPDATE_COLUMN = concat!("select ", written_columns!(), " from kanban.update_column($1, $2, $3, $4, $5) as c");
    REORDER_COLUMN = concat!("select ", written_columns!(), "
        from kanban.reorder_column($1, $2, $3, $4, $5, $6, $7) as c");
    DELETE_COLUMN = concat!("select ", written_columns!(), " from kanban.delete_column($1, $2, $3, $4, $5) as c");
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

pub(crate) async fn reorder_column(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    version: Option<i64>,
    place: &ColumnPlace,
) -> sqlx::Result<Column> {
    sqlx::query_as::<_, ColumnRow>(REORDER_COLUMN.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(version)
        .bind(place.after_id.map(ColumnId::uuid))
        .bind(place.before_id.map(ColumnId::uuid))
        .bind(place.position.map(|position| position as i32))
        .fetch_one(&mut *conn)
        .await
        .map(Column::from)
}

pub(crate) async fn delete_column(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    version: Option<i64>,
    to: Option<Uuid>,
) -> sqlx::Result<Column> {
    sqlx::query_as::<_, ColumnRow>(DELETE_COLUMN.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(version)
        .bind(to)
        .fetch_one(&mut *conn)
        .await
        .map(Column::from)
}
