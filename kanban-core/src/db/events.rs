//! The event streams.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};
use sqlx::types::{Json, Uuid};
use time::OffsetDateTime;

use super::{Conn, actor_ref, object, registered};
use crate::model::{BoardId, BoardRef, EntityId, Event};

macro_rules! event_columns {
    () => {
        "e.stream, e.seq, e.at, e.entity_type, e.entity_id, e.action, e.actor_kind, e.actor_id, e.run_id, \
         e.agent_context, e.request_id, e.token_id, e.payload"
    };
}
pub(crate) use event_columns;

registered! {
    LIST_EVENTS = concat!("select ", event_columns!(), " from kanban.events as e
        where e.tenant_id = $1 and e.seq > $4
          and e.stream = kanban.board_id($1, $2, $3)
        order by e.seq limit $5");
    /// How far a board has come.
    GET_HEAD = "select b.id, b.key, b.seq from kanban.boards as b
        where b.tenant_id = $1 and b.deleted_at is null
          and b.id = kanban.board_id($1, $2, $3)";
    /// With what a card is called, for readers that get no more than changes.
    LIST_STEPS = concat!("select ", event_columns!(), ", c.key as card_key, c.title as card_title
        from kanban.events as e
        left join kanban.cards as c on c.tenant_id = $1 and c.id = e.entity_id and e.entity_type = 'card'
        where e.tenant_id = $1 and e.stream = $2 and e.seq > $3
        order by e.seq limit $4");
    /// What is new on several boards, each behind a number of its own. Where nothing is, it costs one look at an index.
    READ_FEEDS = concat!("select ", event_columns!(), "
        from unnest($2::uuid[], $3::bigint[]) as f (board, seq)
        cross join lateral (
            select ", event_columns!(), " from kanban.events as e
            where e.tenant_id = $1 and e.stream = f.board and e.seq > f.seq
            order by e.seq limit $4) as e
        order by e.stream, e.seq");
}

#[derive(sqlx::FromRow)]
pub(crate) struct EventRow {
    pub(crate) stream: Uuid,
    pub(crate) seq: i64,
    pub(crate) at: OffsetDateTime,
    entity_type: String,
    entity_id: Uuid,
    action: String,
    actor_kind: String,
    actor_id: String,
    run_id: Option<String>,
    agent_context: Option<Json<Box<RawValue>>>,
    request_id: Option<String>,
    token_id: Option<Uuid>,
    payload: Json<Box<RawValue>>,
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        Self {
            seq: row.seq,
            at: row.at.into(),
            board_id: (!row.stream.is_nil()).then(|| row.stream.into()),
            entity_type: row.entity_type,
            entity_id: row.entity_id.into(),
            action: row.action,
            actor_kind: actor_ref(&row.actor_kind, String::new()).kind,
            actor_id: row.actor_id,
            run_id: row.run_id,
            agent_context: row.agent_context.map(object),
            request_id: row.request_id,
            token_id: row.token_id.map(Into::into),
            payload: with_public_ids(row.payload.0),
        }
    }
}

type Members = BTreeMap<String, Box<RawValue>>;

/// The members of a payload that hold ids: UUIDs in the database, ULIDs everywhere else.
const ID_MEMBERS: [&str; 11] = [
    "id",
    "board_id",
    "column_id",
    "card_id",
    "workspace_id",
    "from_card_id",
    "to_card_id",
    "after_card_id",
    "after_column_id",
    "was_after_card_id",
    "was_after_column_id",
];

fn with_public_ids(payload: Box<RawValue>) -> Box<RawValue> {
    let read = |json: &RawValue| serde_json::from_str::<Members>(json.get()).ok();
    let Some(mut payload) = read(&payload) else { return payload };
    translate(&mut payload);
    for side in ["before", "after"] {
        if let Some(mut members) = payload.get(side).and_then(|json| read(json)) {
            translate(&mut members);
            payload.insert(side.to_owned(), to_raw_value(&members).expect("members are JSON"));
        }
    }
    to_raw_value(&payload).expect("members are JSON")
}

fn translate(members: &mut Members) {
    for name in ID_MEMBERS {
        if let Some(id) = members.get(name).and_then(|json| serde_json::from_str::<Uuid>(json.get()).ok()) {
            members.insert(name.to_owned(), to_raw_value(&EntityId::from(id)).expect("an id is JSON"));
        }
    }
}

pub(crate) async fn list_events(
    mut conn: Conn,
    tenant: &str,
    board: &BoardRef,
    since: i64,
    limit: i64,
) -> sqlx::Result<Vec<Event>> {
    let rows = sqlx::query_as::<_, EventRow>(LIST_EVENTS.sql)
        .bind(tenant)
        .bind(board.id())
        .bind(board.key())
        .bind(since)
        .bind(limit)
        .fetch_all(&mut *conn)
        .await?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// How far a board has come.
pub(crate) struct Head {
    pub(crate) id: BoardId,
    pub(crate) key: String,
    pub(crate) seq: i64,
}

pub(crate) async fn get_head(mut conn: Conn, tenant: &str, board: &BoardRef) -> sqlx::Result<Option<Head>> {
    let head: Option<(Uuid, String, i64)> =
        sqlx::query_as(GET_HEAD.sql).bind(tenant).bind(board.id()).bind(board.key()).fetch_optional(&mut *conn).await?;
    Ok(head.map(|(id, key, seq)| Head { id: id.into(), key, seq }))
}

#[derive(sqlx::FromRow)]
struct StepRow {
    #[sqlx(flatten)]
    event: EventRow,
    card_key: Option<String>,
    card_title: Option<String>,
}

/// Events with key and title of the card that each is about, if it is about one.
pub(crate) async fn list_steps(
    mut conn: Conn,
    tenant: &str,
    board: BoardId,
    since: i64,
    limit: i64,
) -> sqlx::Result<Vec<(Event, Option<(String, String)>)>> {
    let rows = sqlx::query_as::<_, StepRow>(LIST_STEPS.sql)
        .bind(tenant)
        .bind(board.uuid())
        .bind(since)
        .bind(limit)
        .fetch_all(&mut *conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.event.into(), row.card_key.zip(row.card_title))).collect())
}

/// What is new on several boards: `boards` and `seqs` go together, and each answers at most `limit` events.
pub(crate) async fn read_feeds(
    mut conn: Conn,
    tenant: &str,
    boards: &[Uuid],
    seqs: &[i64],
    limit: i64,
) -> sqlx::Result<Vec<Event>> {
    let rows = sqlx::query_as::<_, EventRow>(READ_FEEDS.sql)
        .bind(tenant)
        .bind(boards)
        .bind(seqs)
        .bind(limit)
        .fetch_all(&mut *conn)
        .await?;
    Ok(rows.into_iter().map(Event::from).collect())
}
