//! Writing many cards at once, in one transaction: the same rows and events as one by one.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::types::{Json, Uuid};

use super::refusal::explain;
use super::{Conn, bind, registered};
use crate::import::SourceCard;
use crate::model::{Actor, Timestamp};
use crate::{Error, Result};

/// Appends one event for each of the things whose ids are given, in their order.
macro_rules! events {
    ($entity:literal, $action:literal, $table:literal, $payload:literal) => {
        concat!(
            "with bumped as (
                update kanban.boards set seq = seq + cardinality($3::uuid[]) where tenant_id = $1 and id = $2
                returning seq
            )
            insert into kanban.events (tenant_id, stream, seq, at, entity_type, entity_id, action, actor_kind, actor_id,
                run_id, agent_context, request_id, token_id, payload)
            select $1::text, $2::uuid, bumped.seq - cardinality($3::uuid[]) + u.place, now(), '",
            $entity,
            "', e.id, '",
            $action,
            "', $4::jsonb ->> 'kind', $4::jsonb ->> 'id', $4::jsonb ->> 'run_id',
                nullif($4::jsonb -> 'context', 'null'), $4::jsonb ->> 'request_id',
                ($4::jsonb ->> 'token_id')::uuid, ",
            $payload,
            " from bumped
            cross join unnest($3::uuid[]) with ordinality as u (id, place)
            join ",
            $table,
            " as e on e.tenant_id = $1 and e.id = u.id"
        )
    };
}

registered! {
    REQUIRE_LEAVE = "select kanban.require_leave($1, $2)::text";
    LOCK_GRAPH = "select kanban.lock_dependency_graph($1)::text";
    LOCK_COLUMNS = "select kanban.lock_columns($1, array[$2::uuid])::text";
    REQUIRE_OPEN_BOARD = "select kanban.require_open_board($1, $2)::text";
    BOARD_NUMBER = "select next_number from kanban.boards where tenant_id = $1 and id = $2 for no key update";
    IMPORTED_CARDS = "select id, external_id from kanban.cards
        where tenant_id = $1 and board_id = $2 and external_id is not null";
    LAST_KEYS = "select c.id, (select max(k.position) from kanban.cards as k
                               where k.tenant_id = $1 and k.column_id = c.id and k.deleted_at is null) as last_key
        from kanban.columns as c where c.tenant_id = $1 and c.board_id = $2 and c.deleted_at is null";
    ALL_BLOCKS = "select from_card, to_card from kanban.dependencies where tenant_id = $1 and type = 'blocks'";
    INSERT_CARDS = "insert into kanban.cards (
            tenant_id, id, board_id, column_id, key, external_id, position, status, title, description, labels, assignees,
            priority, due_at, fields, links, agent_context, workflow_state, started_at, finished_at, column_since, visit,
            ready_at, created_by_kind, created_by_id, created_at, updated_at, updated_hour, deleted_at)
        select $1, r.id, $2, r.column_id, r.key, r.external_id, r.position, r.status, r.title, r.description, r.labels,
            r.assignees, r.priority, r.due_at, r.fields, '[]', '{}', '{}', r.started_at, r.finished_at, r.column_since,
            r.visit, r.column_since, 'system', r.created_by_id, r.created_at, r.updated_at, kanban.hour(r.updated_at), r.deleted_at
        from jsonb_to_recordset($3) as r (
            id uuid, column_id uuid, key text, external_id text, position bigint, status text, title text,
            description text, labels text[], assignees text[], priority smallint, due_at timestamptz, fields jsonb,
            started_at timestamptz, finished_at timestamptz, column_since timestamptz, visit integer,
            created_by_id text, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz)";
    /// What was started or finished elsewhere waited in the queue column first, as far as anybody knows. Nobody knows
    /// either who finished it.
    INSERT_VISITS = "insert into kanban.column_visits
            (tenant_id, card_id, visit, board_id, column_id, kind, entered_at, left_at, is_wip, effect, furthest,
             worker_kind, worker_id, stay_class)
        select $1::text, c.id, 1, $2::uuid, $4::uuid, 'todo', c.created_at, c.column_since, false, null, 0, null, null,
            kanban.stay_class(c.created_at, c.column_since)
        from kanban.cards as c where c.tenant_id = $1 and c.id = any ($3) and c.visit = 2
        union all
        select $1, c.id, c.visit, $2, c.column_id, c.status, c.column_since, c.deleted_at, c.status = 'doing', d.effect,
            case c.visit when 2 then kanban.kind_rank('todo') else 0 end,
            case d.effect when 'finished' then 'system' end, case d.effect when 'finished' then 'import' end,
            kanban.stay_class(c.column_since, c.deleted_at)
        from kanban.cards as c
        cross join lateral (select case c.status when 'done' then 'finished' end as effect) as d
        where c.tenant_id = $1 and c.id = any ($3)";
    LOCK_PAST = "select kanban.lock_past($1, $2, false)::text";
    COUNT_CARDS = "update kanban.columns as c set cards = c.cards + n.cards, last_key = null
        from (select k.column_id, count(*)::integer as cards from kanban.cards as k
              where k.tenant_id = $1 and k.id = any ($2) and k.deleted_at is null group by k.column_id) as n
        where c.tenant_id = $1 and c.id = n.column_id";
    CARD_EVENTS = events!("card", "card.created", "kanban.cards",
        "jsonb_build_object('after', kanban.card_doc(e)) || case when e.deleted_at is not null then '{}'
             else jsonb_build_object('after_card_id', kanban.card_before($1, e.column_id, e.position)) end");
    INSERT_DEPENDENCIES = "insert into kanban.dependencies
            (tenant_id, id, type, from_card, to_card, created_by_kind, created_by_id, created_at)
        select $1, r.id, r.kind, r.from_card, r.to_card, 'system', r.created_by_id, r.created_at
        from jsonb_to_recordset($2) as r
            (id uuid, kind text, from_card uuid, to_card uuid, created_by_id text, created_at timestamptz)
        on conflict on constraint dependencies_unique do nothing
        returning id";
    COUNT_BLOCKERS = "update kanban.cards as t set open_blockers = n.blockers
        from (select d.to_card, count(*) filter (where f.finished_at is null and f.deleted_at is null
                  and b.archived_at is null and b.deleted_at is null)::integer as blockers
              from kanban.dependencies as d
              join kanban.cards as f on f.tenant_id = $1 and f.id = d.from_card
              join kanban.boards as b on b.tenant_id = $1 and b.id = f.board_id
              where d.tenant_id = $1 and d.type = 'blocks' and d.to_card in (
                  select n.to_card from kanban.dependencies as n where n.tenant_id = $1 and n.id = any ($2))
              group by d.to_card) as n
        where t.tenant_id = $1 and t.id = n.to_card and t.open_blockers <> n.blockers";
    DEPENDENCY_EVENTS = events!("dependency", "dependency.added", "kanban.dependencies",
        "jsonb_build_object('after', kanban.dependency_doc(e))");
    INSERT_COMMENTS = "insert into kanban.comments
            (tenant_id, id, card_id, external_id, author_kind, author_id, body, created_at, updated_at)
        select $1, r.id, r.card_id, r.external_id, 'system', r.author_id, r.body, r.created_at, r.created_at
        from jsonb_to_recordset($2) as r
            (id uuid, card_id uuid, external_id text, author_id text, body text, created_at timestamptz)
        on conflict (tenant_id, card_id, external_id) where external_id is not null do nothing
        returning id";
    COMMENT_EVENTS = events!("comment", "comment.created", "kanban.comments",
        "jsonb_build_object('after', kanban.comment_doc(e))");
    INDEX_CARDS = "select kanban.index_cards($1, $2)::text";
    INDEX_COMMENTS = "select kanban.index_comments($1, $2)::text";
    ADVANCE_NUMBER = "update kanban.boards set next_number = $3 where tenant_id = $1 and id = $2";
}

/// A card as it is written.
#[derive(Serialize)]
pub(crate) struct CardRecord<'a> {
    pub(crate) id: Uuid,
    column_id: Uuid,
    key: String,
    external_id: &'a str,
    position: i64,
    status: &'static str,
    title: &'a str,
    description: &'a str,
    labels: &'a [String],
    assignees: &'a [String],
    priority: i16,
    due_at: Option<Timestamp>,
    fields: &'a crate::JsonObject,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    column_since: Timestamp,
    visit: i32,
    created_by_id: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    deleted_at: Option<Timestamp>,
}

impl<'a> CardRecord<'a> {
    pub(crate) fn new(id: Uuid, key: String, column_id: Uuid, position: i64, card: &'a SourceCard) -> Self {
        use crate::ColumnKind::{Backlog, Doing, Done, Todo};
        let kind = card.column.1;
        // nobody knows when work began: at the last change, or, finished, when it was finished
        let entered = match kind {
            Backlog | Todo => None,
            Doing => Some(card.updated_at.max(card.created_at)),
            Done => card.finished_at,
        };
        Self {
            id,
            column_id,
            key,
            external_id: &card.external_id,
            position,
            status: kind.as_str(),
            title: &card.title,
            description: &card.description,
            labels: &card.labels,
            assignees: &card.assignees,
            priority: card.priority.rank(),
            due_at: card.due_at,
            fields: &card.fields,
            started_at: entered,
            finished_at: card.finished_at,
            column_since: entered.unwrap_or(card.created_at),
            visit: if entered.is_some() { 2 } else { 1 },
            created_by_id: card.created_by.as_deref().filter(|name| !name.is_empty()).unwrap_or("unknown"),
            created_at: card.created_at,
            updated_at: card.updated_at,
            deleted_at: card.deleted_at,
        }
    }
}

/// A dependency as it is written.
#[derive(Serialize)]
pub(crate) struct DependencyRecord {
    pub(crate) id: Uuid,
    pub(crate) kind: &'static str,
    pub(crate) from_card: Uuid,
    pub(crate) to_card: Uuid,
    pub(crate) created_by_id: String,
    pub(crate) created_at: Timestamp,
}

/// A comment as it is written.
#[derive(Serialize)]
pub(crate) struct CommentRecord {
    pub(crate) id: Uuid,
    pub(crate) card_id: Uuid,
    pub(crate) external_id: String,
    pub(crate) author_id: String,
    pub(crate) body: String,
    pub(crate) created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
pub(crate) struct ImportedCard {
    pub(crate) id: Uuid,
    pub(crate) external_id: String,
}

/// What is on the board already.
pub(crate) struct State {
    pub(crate) cards: Vec<ImportedCard>,
    pub(crate) last_keys: HashMap<Uuid, i64>,
    pub(crate) next_number: i64,
    pub(crate) blocks: Vec<(Uuid, Uuid)>,
}

/// An import under way, on the connection of an open transaction.
pub(crate) struct Import<'a> {
    conn: Conn,
    tenant: &'a str,
    board: Uuid,
    actor: &'a Actor,
}

fn failed(error: sqlx::Error) -> Error {
    explain(error, &[])
}

impl<'a> Import<'a> {
    pub(crate) async fn begin(mut conn: Conn, tenant: &'a str, board: Uuid, actor: &'a Actor) -> Result<Self> {
        // a large file may take longer than a statement may; both end with the transaction
        sqlx::raw_sql("set local statement_timeout = 0; set local lock_timeout = 0")
            .execute(&mut *conn)
            .await
            .map_err(failed)?;
        Ok(Self { conn, tenant, board, actor })
    }

    /// Takes the locks of everything on the board and reads what is there.
    pub(crate) async fn state(&mut self) -> Result<State> {
        let tx = &mut *self.conn;
        sqlx::query(LOCK_GRAPH.sql).bind(self.tenant).execute(&mut *tx).await.map_err(failed)?;
        let leave = sqlx::query(REQUIRE_LEAVE.sql).bind(self.tenant).bind(bind(self.actor));
        leave.execute(&mut *tx).await.map_err(failed)?;
        sqlx::query(LOCK_COLUMNS.sql).bind(self.tenant).bind(self.board).execute(&mut *tx).await.map_err(failed)?;
        let open = sqlx::query(REQUIRE_OPEN_BOARD.sql).bind(self.tenant).bind(self.board);
        open.execute(&mut *tx).await.map_err(failed)?;
        let next_number = sqlx::query_scalar(BOARD_NUMBER.sql).bind(self.tenant).bind(self.board);
        let next_number = next_number.fetch_one(&mut *tx).await.map_err(failed)?;
        let cards = sqlx::query_as(IMPORTED_CARDS.sql).bind(self.tenant).bind(self.board);
        let cards = cards.fetch_all(&mut *tx).await.map_err(failed)?;
        let keys = sqlx::query_as::<_, (Uuid, Option<i64>)>(LAST_KEYS.sql).bind(self.tenant).bind(self.board);
        let keys = keys.fetch_all(&mut *tx).await.map_err(failed)?;
        let last_keys = keys.into_iter().filter_map(|(column, key)| key.map(|key| (column, key))).collect();
        let blocks = sqlx::query_as(ALL_BLOCKS.sql).bind(self.tenant).fetch_all(&mut *tx).await.map_err(failed)?;
        Ok(State { cards, last_keys, next_number, blocks })
    }

    pub(crate) async fn cards(&mut self, cards: &[CardRecord<'_>], queue: Uuid) -> Result<()> {
        let tx = &mut *self.conn;
        let ids: Vec<Uuid> = cards.iter().map(|card| card.id).collect();
        let insert = sqlx::query(INSERT_CARDS.sql).bind(self.tenant).bind(self.board).bind(Json(cards));
        insert.execute(&mut *tx).await.map_err(failed)?;
        let past = sqlx::query(LOCK_PAST.sql).bind(self.tenant).bind(self.board);
        past.execute(&mut *tx).await.map_err(failed)?;
        let visits = sqlx::query(INSERT_VISITS.sql).bind(self.tenant).bind(self.board).bind(&ids).bind(queue);
        visits.execute(&mut *tx).await.map_err(failed)?;
        sqlx::query(COUNT_CARDS.sql).bind(self.tenant).bind(&ids).execute(&mut *tx).await.map_err(failed)?;
        sqlx::query(INDEX_CARDS.sql).bind(self.tenant).bind(&ids).execute(&mut *self.conn).await.map_err(failed)?;
        self.events(CARD_EVENTS.sql, &ids).await
    }

    pub(crate) async fn dependencies(&mut self, links: &[DependencyRecord]) -> Result<usize> {
        let new: Vec<Uuid> = sqlx::query_scalar(INSERT_DEPENDENCIES.sql)
            .bind(self.tenant)
            .bind(Json(links))
            .fetch_all(&mut *self.conn)
            .await
            .map_err(failed)?;
        let count = sqlx::query(COUNT_BLOCKERS.sql).bind(self.tenant).bind(&new);
        count.execute(&mut *self.conn).await.map_err(failed)?;
        self.events(DEPENDENCY_EVENTS.sql, &new).await?;
        Ok(new.len())
    }

    pub(crate) async fn comments(&mut self, comments: &[CommentRecord]) -> Result<usize> {
        let new: Vec<Uuid> = sqlx::query_scalar(INSERT_COMMENTS.sql)
            .bind(self.tenant)
            .bind(Json(comments))
            .fetch_all(&mut *self.conn)
            .await
            .map_err(failed)?;
        let index = sqlx::query(INDEX_COMMENTS.sql).bind(self.tenant).bind(&new);
        index.execute(&mut *self.conn).await.map_err(failed)?;
        self.events(COMMENT_EVENTS.sql, &new).await?;
        Ok(new.len())
    }

    async fn events(&mut self, sql: &'static str, ids: &[Uuid]) -> Result<()> {
        let query = sqlx::query(sql).bind(self.tenant).bind(self.board).bind(ids).bind(bind(self.actor));
        query.execute(&mut *self.conn).await.map_err(failed).map(drop)
    }

    pub(crate) async fn finish(mut self, next_number: i64) -> Result<()> {
        let advance = sqlx::query(ADVANCE_NUMBER.sql).bind(self.tenant).bind(self.board).bind(next_number);
        advance.execute(&mut *self.conn).await.map_err(failed).map(drop)
    }
}
