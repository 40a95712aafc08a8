//! Dependencies.

use sqlx::types::Uuid;
use time::OffsetDateTime;

use super::{Conn, actor_ref, bind, known, registered};
use crate::model::{Actor, Added, CardRef, Dependency, DependencyType, DependencyView, Relation};

registered! {
    ADD_DEPENDENCY = "select (a.dependency).id, (a.dependency).type as kind, (a.dependency).from_card,
            (a.dependency).to_card, (a.dependency).created_by_kind, (a.dependency).created_by_id,
            (a.dependency).created_at, a.is_new
        from kanban.add_dependency($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as a";
    REMOVE_DEPENDENCY = "select d.id, d.type as kind, d.from_card, d.to_card, d.created_by_kind, d.created_by_id,
            d.created_at, false as is_new
        from kanban.remove_dependency($1, $2, $3, $4, $5, $6, $7, $8, $9) as d";
    LIST_DEPENDENCIES = "with card as (
            select k.id, k.key from kanban.cards as k
            join kanban.boards as o on o.tenant_id = $1 and o.id = k.board_id and o.deleted_at is null
            where k.tenant_id = $1 and k.deleted_at is null
              and k.id = kanban.card_id($1, $2, $3)
        ),
        links as (
            select d.id, d.type, true as is_first, d.to_card as other, d.created_by_kind, d.created_by_id, d.created_at
            from card join kanban.dependencies as d on d.tenant_id = $1 and d.from_card = card.id
            union all
            select d.id, d.type, false, d.from_card, d.created_by_kind, d.created_by_id, d.created_at
            from card join kanban.dependencies as d on d.tenant_id = $1 and d.to_card = card.id
        )
        select l.id, l.type as kind, l.is_first, card.key as own_key, c.id as card_id, c.key as card_key,
            c.title as card_title, c.status as card_status, c.deleted_at is not null as is_deleted,
            (c.finished_at is not null or c.deleted_at is not null or b.archived_at is not null
                or b.deleted_at is not null) as resolved,
            l.created_by_kind, l.created_by_id, l.created_at
        from links as l
        cross join card
        join kanban.cards as c on c.tenant_id = $1 and c.id = l.other
        join kanban.boards as b on b.tenant_id = $1 and b.id = c.board_id
        order by l.type, l.is_first, c.id";
}

#[derive(sqlx::FromRow)]
struct DependencyRow {
    id: Uuid,
    kind: String,
    from_card: Uuid,
    to_card: Uuid,
    created_by_kind: String,
    created_by_id: String,
    created_at: OffsetDateTime,
    is_new: bool,
}

impl From<DependencyRow> for Added {
    fn from(row: DependencyRow) -> Self {
        let dependency = Dependency {
            id: row.id.into(),
            kind: known(&row.kind),
            from_card_id: row.from_card.into(),
            to_card_id: row.to_card.into(),
            created_by: actor_ref(&row.created_by_kind, row.created_by_id),
            created_at: row.created_at.into(),
        };
        Self { dependency, is_new: row.is_new }
    }
}

#[derive(sqlx::FromRow)]
struct ViewRow {
    id: Uuid,
    kind: String,
    is_first: bool,
    own_key: String,
    card_id: Uuid,
    card_key: String,
    card_title: String,
    card_status: String,
    is_deleted: bool,
    resolved: bool,
    created_by_kind: String,
    created_by_id: String,
    created_at: OffsetDateTime,
}

impl From<ViewRow> for DependencyView {
    fn from(row: ViewRow) -> Self {
        let relation = Relation::seen_from(known(&row.kind), row.is_first);
        let state = match (row.is_deleted, row.resolved) {
            (true, _) => "deleted",
            (false, true) => "resolved",
            (false, false) => row.card_status.as_str(),
        };
        let text = format!("{} {} {} ({state})", row.own_key, relation.as_str().replace('_', " "), row.card_key);
        Self {
            id: row.id.into(),
            relation,
            card_id: row.card_id.into(),
            card_key: row.card_key,
            card_title: row.card_title,
            card_status: known(&row.card_status),
            resolved: row.resolved,
            text,
            created_by: actor_ref(&row.created_by_kind, row.created_by_id),
            created_at: row.created_at.into(),
        }
    }
}

/// A link as it is stored, and whether its first card is the one that it is named from.
pub(crate) struct Ends {
    pub(crate) kind: DependencyType,
    pub(crate) from: CardRef,
    pub(crate) to: CardRef,
    pub(crate) is_from_own: bool,
}

pub(crate) async fn add_dependency(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    id: Uuid,
    Ends { kind, from, to, is_from_own }: &Ends,
    epoch: Option<i64>,
) -> sqlx::Result<Added> {
    sqlx::query_as::<_, DependencyRow>(ADD_DEPENDENCY.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(id)
        .bind(kind.as_str())
        .bind(from.id())
        .bind(from.key())
        .bind(to.id())
        .bind(to.key())
        .bind(epoch)
        .bind(is_from_own)
        .fetch_one(&mut *conn)
        .await
        .map(Added::from)
}

pub(crate) async fn remove_dependency(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    Ends { kind, from, to, is_from_own }: &Ends,
    epoch: Option<i64>,
) -> sqlx::Result<Dependency> {
    sqlx::query_as::<_, DependencyRow>(REMOVE_DEPENDENCY.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(kind.as_str())
        .bind(from.id())
        .bind(from.key())
        .bind(to.id())
        .bind(to.key())
        .bind(epoch)
        .bind(is_from_own)
        .fetch_one(&mut *conn)
        .await
        .map(|row| Added::from(row).dependency)
}

pub(crate) async fn list_dependencies(
    mut conn: Conn,
    tenant: &str,
    card: &CardRef,
) -> sqlx::Result<Vec<DependencyView>> {
    let rows = sqlx::query_as::<_, ViewRow>(LIST_DEPENDENCIES.sql)
        .bind(tenant)
        .bind(card.id())
        .bind(card.key())
        .fetch_all(&mut *conn)
        .await?;
    Ok(rows.into_iter().map(DependencyView::from).collect())
}
