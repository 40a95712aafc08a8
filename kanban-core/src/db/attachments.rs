//! Attachments.

use sqlx::types::{Json, Uuid};
use time::OffsetDateTime;

use super::{Conn, actor_ref, bind, moment, object, registered};
use crate::model::{Actor, Attachment, CardRef, NewAttachment};

macro_rules! attachment_columns {
    () => {
        "a.id, a.card_id, a.version, a.name, a.url, a.content_type, a.size, a.checksum, a.metadata, a.created_by_kind, \
         a.created_by_id, a.created_at, a.updated_at, a.deleted_at"
    };
}

registered! {
    CREATE_ATTACHMENT = concat!("select ", attachment_columns!(), "
        from kanban.create_attachment($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as a");
    GET_ATTACHMENT = concat!("select ", attachment_columns!(), "
        from kanban.attachments as a
        join kanban.cards as k on k.tenant_id = $1 and k.id = a.card_id and k.deleted_at is null
        join kanban.boards as b on b.tenant_id = $1 and b.id = k.board_id and b.deleted_at is null
        where a.tenant_id = $1 and a.id = $2 and a.deleted_at is null");
    LIST_ATTACHMENTS = concat!("select ", attachment_columns!(), "
        from kanban.attachments as a
        where a.tenant_id = $1 and a.deleted_at is null and a.id > $4
          and a.card_id = (
              select k.id from kanban.cards as k
              join kanban.boards as b on b.tenant_id = $1 and b.id = k.board_id and b.deleted_at is null
              where k.tenant_id = $1 and k.deleted_at is null
                and k.id = kanban.card_id($1, $2, $3))
        order by a.id limit $5");
    DELETE_ATTACHMENT = concat!("select ", attachment_columns!(), " from kanban.delete_attachment($1, $2, $3, $4, $5) as a");
}

#[derive(sqlx::FromRow)]
struct AttachmentRow {
    id: Uuid,
    card_id: Uuid,
    version: i64,
    name: String,
    url: String,
    content_type: Option<String>,
    size: Option<i64>,
    checksum: Option<String>,
    metadata: Json<Box<serde_json::value::RawValue>>,
    created_by_kind: String,
    created_by_id: String,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    deleted_at: Option<OffsetDateTime>,
}

impl From<AttachmentRow> for Attachment {
    fn from(row: AttachmentRow) -> Self {
        Self {
            id: row.id.into(),
            card_id: row.card_id.into(),
            version: crate::Version(row.version),
            name: row.name,
            url: row.url,
            content_type: row.content_type,
            size: row.size,
            checksum: row.checksum,
            metadata: object(row.metadata),
            created_by: actor_ref(&row.created_by_kind, row.created_by_id),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            deleted_at: moment(row.deleted_at),
        }
    }
}

pub(crate) async fn create_attachment(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    card: &CardRef,
    epoch: Option<i64>,
    new: &NewAttachment,
) -> sqlx::Result<Attachment> {
    sqlx::query_as::<_, AttachmentRow>(CREATE_ATTACHMENT.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(card.id())
        .bind(card.key())
        .bind(epoch)
        .bind(&new.name)
        .bind(&new.url)
        .bind(&new.content_type)
        .bind(new.size)
        .bind(&new.checksum)
        .bind(Json(&new.metadata))
        .fetch_one(&mut *conn)
        .await
        .map(Attachment::from)
}

pub(crate) async fn get_attachment(mut conn: Conn, tenant: &str, id: Uuid) -> sqlx::Result<Option<Attachment>> {
    let row = sqlx::query_as::<_, AttachmentRow>(GET_ATTACHMENT.sql).bind(tenant).bind(id);
    Ok(row.fetch_optional(&mut *conn).await?.map(Attachment::from))
}

pub(crate) async fn list_attachments(
    mut conn: Conn,
    tenant: &str,
    card: &CardRef,
    after: Uuid,
    rows: i64,
) -> sqlx::Result<Vec<Attachment>> {
    let rows = sqlx::query_as::<_, AttachmentRow>(LIST_ATTACHMENTS.sql)
        .bind(tenant)
        .bind(card.id())
        .bind(card.key())
        .bind(after)
        .bind(rows)
        .fetch_all(&mut *conn)
        .await?;
    Ok(rows.into_iter().map(Attachment::from).collect())
}

pub(crate) async fn delete_attachment(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    version: Option<i64>,
    epoch: Option<i64>,
) -> sqlx::Result<Attachment> {
    sqlx::query_as::<_, AttachmentRow>(DELETE_ATTACHMENT.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(version)
        .bind(epoch)
        .fetch_one(&mut *conn)
        .await
        .map(Attachment::from)
}
