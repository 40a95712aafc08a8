//! Comments.

use sqlx::types::{Json, Uuid};
use time::OffsetDateTime;

use super::{Conn, actor_ref, bind, moment, object, registered};
use crate::model::{Actor, CardRef, Comment, NewComment};

macro_rules! comment_columns {
    () => {
        "c.id, c.card_id, c.version, c.author_kind, c.author_id, c.body, c.metadata, c.created_at, c.updated_at, \
         c.deleted_at"
    };
}

registered! {
    CREATE_COMMENT = concat!("select ", comment_columns!(), "
        from kanban.create_comment($1, $2, $3, $4, $5, $6, $7, $8) as c");
    GET_COMMENT = concat!("select ", comment_columns!(), "
        from kanban.comments as c
        join kanban.cards as k on k.tenant_id = $1 and k.id = c.card_id and k.deleted_at is null
        join kanban.boards as b on b.tenant_id = $1 and b.id = k.board_id and b.deleted_at is null
        where c.tenant_id = $1 and c.id = $2 and c.deleted_at is null");
    LIST_COMMENTS = concat!("select ", comment_columns!(), "
        from kanban.comments as c
        where c.tenant_id = $1 and c.deleted_at is null and c.id > $4
          and c.card_id = (
              select k.id from kanban.cards as k
              join kanban.boards as b on b.tenant_id = $1 and b.id = k.board_id and b.deleted_at is null
              where k.tenant_id = $1 and k.deleted_at is null
                and k.id = kanban.card_id($1, $2, $3))
        order by c.id limit $5");
    DELETE_COMMENT = concat!("select ", comment_columns!(), " from kanban.delete_comment($1, $2, $3, $4, $5) as c");
}

#[derive(sqlx::FromRow)]
struct CommentRow {
    id: Uuid,
    card_id: Uuid,
    version: i64,
    author_kind: String,
    author_id: String,
    body: String,
    metadata: Json<Box<serde_json::value::RawValue>>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    deleted_at: Option<OffsetDateTime>,
}

impl From<CommentRow> for Comment {
    fn from(row: CommentRow) -> Self {
        Self {
            id: row.id.into(),
            card_id: row.card_id.into(),
            version: crate::Version(row.version),
            author: actor_ref(&row.author_kind, row.author_id),
            body: row.body,
            metadata: object(row.metadata),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            deleted_at: moment(row.deleted_at),
        }
    }
}

pub(crate) async fn create_comment(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    card: &CardRef,
    epoch: Option<i64>,
    new: &NewComment,
) -> sqlx::Result<Comment> {
    sqlx::query_as::<_, CommentRow>(CREATE_COMMENT.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(card.id())
        .bind(card.key())
        .bind(epoch)
        .bind(&new.body)
        .bind(Json(&new.metadata))
        .fetch_one(&mut *conn)
        .await
        .map(Comment::from)
}

pub(crate) async fn list_comments(
    mut conn: Conn,
    tenant: &str,
    card: &CardRef,
    after: Uuid,
    rows: i64,
) -> sqlx::Result<Vec<Comment>> {
    let rows = sqlx::query_as::<_, CommentRow>(LIST_COMMENTS.sql)
        .bind(tenant)
        .bind(card.id())
        .bind(card.key())
        .bind(after)
        .bind(rows)
        .fetch_all(&mut *conn)
        .await?;
    Ok(rows.into_iter().map(Comment::from).collect())
}

pub(crate) async fn get_comment(mut conn: Conn, tenant: &str, id: Uuid) -> sqlx::Result<Option<Comment>> {
    let row = sqlx::query_as::<_, CommentRow>(GET_COMMENT.sql).bind(tenant).bind(id).fetch_optional(&mut *conn).await?;
    Ok(row.map(Comment::from))
}

pub(crate) async fn delete_comment(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    version: Option<i64>,
    epoch: Option<i64>,
) -> sqlx::Result<Comment> {
    sqlx::query_as::<_, CommentRow>(DELETE_COMMENT.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(version)
        .bind(epoch)
        .fetch_one(&mut *conn)
        .await
        .map(Comment::from)
}
