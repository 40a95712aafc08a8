//! The audit log: events of every stream, newest first.

use sqlx::postgres::PgArguments;
use sqlx::types::Uuid;
use sqlx::{Arguments, Postgres, QueryBuilder};
use time::OffsetDateTime;

use super::events::{EventRow, event_columns};
use super::{Conn, registered};
use crate::model::{AuditFilter, BoardRef, EntityRef, Timestamp};

registered! {
    /// Also where it is deleted: its history stays.
    AUDITED_BOARD = "select id from kanban.boards where tenant_id = $1 and (id = $2 or key = $3)";
    AUDITED_CARD = "select id from kanban.cards where tenant_id = $1 and key = $2";
}

pub(crate) async fn board_id(mut conn: Conn, tenant: &str, board: &BoardRef) -> sqlx::Result<Option<Uuid>> {
    let id = sqlx::query_scalar(AUDITED_BOARD.sql).bind(tenant).bind(board.id()).bind(board.key());
    id.fetch_optional(&mut *conn).await
}

pub(crate) async fn entity_id(mut conn: Conn, tenant: &str, entity: &EntityRef) -> sqlx::Result<Option<Uuid>> {
    let id = match entity {
        EntityRef::Id(id) => return Ok(Some(id.uuid())),
        EntityRef::Card(key) => sqlx::query_scalar(AUDITED_CARD.sql).bind(tenant).bind(key),
        EntityRef::Board(key) => sqlx::query_scalar(AUDITED_BOARD.sql).bind(tenant).bind(None::<Uuid>).bind(key),
    };
    id.fetch_optional(&mut *conn).await
}

/// Which events: the filter with its references looked up.
#[derive(Default)]
pub(crate) struct Which {
    board: Option<Uuid>,
    entity: Option<Uuid>,
    actor: Option<String>,
    actions: Option<Vec<&'static str>>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Which {
    pub(crate) fn new(filter: &AuditFilter, board: Option<Uuid>, entity: Option<Uuid>) -> Self {
        let (from, to) = (filter.from, filter.to);
        Self { board, entity, actor: filter.actor.clone(), actions: filter.actions(), from, to }
    }
}

/// The last event of a page.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct AuditPlace {
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) seq: i64,
    pub(crate) stream: Uuid,
}

impl EventRow {
    pub(crate) fn place(&self) -> AuditPlace {
        AuditPlace { at: Timestamp::from(self.at).unix_micros(), seq: self.seq, stream: self.stream }
    }
}

/// The list's statement with exactly the conditions that are asked for, so that each can use its index. One board's
/// events come in the order of their numbers, which is that of its stream, others in that of their moments.
fn list_query(
    tenant: &str,
    which: &Which,
    before: Option<AuditPlace>,
    rows: i64,
) -> Result<QueryBuilder<Postgres>, sqlx::error::BoxDynError> {
    let mut first = PgArguments::default();
    first.add(tenant)?;
    let order = if which.board.is_some() {
        " order by e.seq desc limit "
    } else {
        " order by e.at desc, e.seq desc, e.stream desc limit "
    };
    let select = concat!("select ", event_columns!(), " from ");
    let mut query = QueryBuilder::with_arguments(select, first);
    // several actions and nothing else to go by: the newest of each from the index that has them in order, then of those
    let is_only_actions = which.board.is_none() && which.entity.is_none() && which.actor.is_none();
    let merged = which.actions.as_ref().filter(|actions| is_only_actions && actions.len() > 1);
    if let Some(actions) = merged {
        query.push("unnest(").push_bind(actions.clone()).push(
            "::text[]) as a (action) cross join lateral (
                select * from kanban.events as e where e.tenant_id = $1 and e.action = a.action",
        );
    } else {
        query.push("kanban.events as e where e.tenant_id = $1");
        match which.actions.as_deref() {
            // one of them is in order in the index
            Some([action]) => {
                query.push(" and e.action = ").push_bind(*action);
            }
            Some(actions) => {
                query.push(" and e.action = any (").push_bind(actions.to_vec()).push(")");
            }
            None => {}
        }
    }
    if let Some(board) = which.board {
        query.push(" and e.stream = ").push_bind(board);
    }
    if let Some(entity) = which.entity {
        query.push(" and e.entity_id = ").push_bind(entity);
    }
    if let Some(actor) = &which.actor {
        query.push(" and e.actor_id = ").push_bind(actor.clone());
    }
    if let Some(from) = which.from {
        query.push(" and e.at >= ").push_bind(from.to_offset_date_time());
    }
    if let Some(to) = which.to {
        query.push(" and e.at < ").push_bind(to.to_offset_date_time());
    }
    match before {
        Some(place) if which.board.is_some() => {
            query.push(" and e.seq < ").push_bind(place.seq);
        }
        Some(place) => {
            let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(place.at) * 1000)?;
            query.push(" and (e.at, e.seq, e.stream) < (").push_bind(at);
            query.push(", ").push_bind(place.seq).push(", ").push_bind(place.stream).push(")");
        }
        None => {}
    }
    query.push(order).push_bind(rows);
    if merged.is_some() {
        query.push(") as e").push(order).push_bind(rows);
    }
    Ok(query)
}

/// The list's statement for each filter alone, and with all that can be given.
pub(crate) fn samples() -> Vec<(&'static str, String)> {
    let text =
        |which: &Which, before| list_query("", which, before, 1).map(QueryBuilder::into_string).unwrap_or_default();
    let id = Some(Uuid::nil());
    let at = Some(OffsetDateTime::UNIX_EPOCH.into());
    let none = Which::default;
    let all = Which { board: id, entity: id, actor: Some(String::new()), actions: Some(vec![""]), from: at, to: at };
    let place = Some(AuditPlace { at: 0, seq: 0, stream: Uuid::nil() });
    vec![
        ("LIST_AUDIT", text(&none(), None)),
        ("LIST_AUDIT_NEXT", text(&none(), place)),
        ("LIST_AUDIT_BOARD", text(&Which { board: id, ..none() }, place)),
        ("LIST_AUDIT_ENTITY", text(&Which { entity: id, ..none() }, place)),
        ("LIST_AUDIT_ACTOR", text(&Which { actor: Some(String::new()), ..none() }, place)),
        ("LIST_AUDIT_ACTION", text(&Which { actions: Some(vec![""]), ..none() }, place)),
        ("LIST_AUDIT_TYPE", text(&Which { actions: Some(vec!["", ""]), ..none() }, place)),
        ("LIST_AUDIT_PERIOD", text(&Which { from: at, to: at, ..none() }, place)),
        ("LIST_AUDIT_ALL", text(&all, place)),
    ]
}

pub(crate) async fn list_audit(
    mut conn: Conn,
    tenant: &str,
    which: &Which,
    before: Option<AuditPlace>,
    rows: i64,
) -> sqlx::Result<Vec<EventRow>> {
    let mut query = list_query(tenant, which, before, rows).map_err(sqlx::Error::Encode)?;
    query.build_query_as().fetch_all(&mut *conn).await
}
