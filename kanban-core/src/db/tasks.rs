//! Ready work, and what keeps the rest from being ready.

use serde::{Deserialize, Serialize};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use super::cards::{CardRow, card_columns};
use super::{Conn, known, registered};
use crate::model::{BoardRef, FullColumn, LeftOut, LeftOutCode, LeftOutReason, Priority, TaskFilter, Timestamp};

/// A `kanban.task_filter` of five arguments.
macro_rules! task_filter {
    ($labels:literal, $capabilities:literal, $priority:literal, $due_after:literal, $due_before:literal) => {
        concat!(
            "row(",
            $labels,
            "::text[], ",
            $capabilities,
            "::text[], ",
            $priority,
            "::smallint, ",
            $due_after,
            "::timestamptz, ",
            $due_before,
            "::timestamptz)::kanban.task_filter"
        )
    };
}
pub(crate) use task_filter;

/// How many ids one reason names.
const MOST_IDS: usize = 20;

registered! {
    /// The columns of the ready list are what its order and cursor rest on; the card comes beside them.
    NEXT_TASKS = concat!("select ", card_columns!(), ", r.rank as ready_rank, r.priority as ready_priority,
            nullif(r.due, 'infinity') as ready_due
        from kanban.next_tasks($1, $2, $3, $4, ", task_filter!("$5", "$6", "$7", "$8", "$9"), ", $10, $11,
            -- not coalesce(): see kanban.due
            case when $12::timestamptz is not null then $12 when $10 < 0 then '-infinity'::timestamptz
                 else 'infinity'::timestamptz end, $13, $14, $15) as r
        join kanban.cards as c on c.tenant_id = $1 and c.id = r.id
        order by r.rank, r.priority, r.due, r.position, r.id");
    /// The open cards that kanban.next_tasks does not answer. Only columns with open cards are read.
    LEFT_OUT = concat!("with page as (
            select c.id, c.key, c.title, c.board_id, c.status, b.key as board_key, b.archived_at is not null as is_archived,
                case when w.is_held then c.claim_agent end as holder, case when w.is_held then c.lease_until end as until,
                case when w.is_assigned_away then c.assignees else '{}' end as assignees, w.missing, w.is_in_progress,
                c.open_blockers
            from kanban.boards as b
            join kanban.columns as o on o.tenant_id = $1 and o.board_id = b.id and o.deleted_at is null and o.kind <> 'done'
            join kanban.cards as c on c.tenant_id = $1 and c.column_id = o.id and c.deleted_at is null and c.id > $10
            cross join lateral (select
                coalesce(c.claim_agent <> $2 and c.lease_until > now(), false) as is_held,
                -- what an agent has begun it may finish, whoever it was assigned to meanwhile
                c.assignees <> '{}' and not c.assignees @> array[$2]
                    and not (c.status = 'doing' and c.claim_agent is not distinct from $2) as is_assigned_away,
                case when $6::text[] is null then '{}' else kanban.missing_capabilities(c.labels, $6) end as missing,
                c.status = 'doing' and c.assignees = '{}' and c.lease_until is null as is_in_progress) as w
            where b.tenant_id = $1 and b.deleted_at is null
              and (($3::uuid is null and $4::text is null) or b.id = $3 or b.key = $4)
              and kanban.is_asked_for(c, ", task_filter!("$5", "$6", "$7", "$8", "$9"), ")
              and (b.archived_at is not null or c.open_blockers > 0 or w.is_held or w.is_assigned_away
                   or w.missing <> '{}' or w.is_in_progress)
            order by c.id limit $11
        )
        select p.id, p.key, p.title, p.board_id, p.status, p.board_key, p.is_archived, p.holder, p.until, p.assignees,
            p.missing, p.is_in_progress, p.open_blockers,
            case when p.open_blockers = 0 then '{}' else array(
                select f.key from kanban.dependencies as d
                join kanban.cards as f on f.tenant_id = $1 and f.id = d.from_card and f.finished_at is null
                    and f.deleted_at is null
                join kanban.boards as b on b.tenant_id = $1 and b.id = f.board_id and b.archived_at is null
                    and b.deleted_at is null
                where d.tenant_id = $1 and d.to_card = p.id and d.type = 'blocks' order by f.id limit $12) end as blockers
        from page as p order by p.id");
    /// Of each board the column that started work goes to, where it is full.
    FULL_COLUMNS = "select o.id, o.name, b.key as board_key, o.cards, o.wip_limit
        from kanban.boards as b
        cross join lateral (
            select c.id, c.name, c.cards, c.wip_limit from kanban.columns as c
            where c.tenant_id = $1 and c.board_id = b.id and c.kind = 'doing' and c.deleted_at is null
            order by c.position limit 1) as o
        where b.tenant_id = $1 and b.archived_at is null and b.deleted_at is null
          and (($2::uuid is null and $3::text is null) or b.id = $2 or b.key = $3) and o.cards >= o.wip_limit
        order by b.key limit 50";
}

#[derive(sqlx::FromRow)]
pub(crate) struct ReadyRow {
    #[sqlx(flatten)]
    pub(crate) ready: CardRow,
    ready_rank: i32,
    ready_priority: i32,
    ready_due: Option<OffsetDateTime>,
}

/// The row behind which a list of ready work goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReadyPlace {
    rank: i32,
    priority: i32,
    due: Option<Timestamp>,
    position: i64,
    card: Uuid,
}

impl ReadyPlace {
    pub(crate) fn start() -> Self {
        Self { rank: -1, priority: -1, due: None, position: 0, card: Uuid::nil() }
    }
}

impl ReadyRow {
    pub(crate) fn place(&self) -> ReadyPlace {
        ReadyPlace {
            rank: self.ready_rank,
            priority: self.ready_priority,
            due: self.ready_due.map(Into::into),
            position: self.ready.position,
            card: self.ready.card.id.uuid(),
        }
    }
}

pub(crate) async fn next_tasks(
    mut conn: Conn,
    tenant: &str,
    agent: &str,
    filter: &TaskFilter<'_>,
    after: &ReadyPlace,
    rows: i64,
) -> sqlx::Result<Vec<ReadyRow>> {
    sqlx::query_as(NEXT_TASKS.sql)
        .bind(tenant)
        .bind(agent)
        .bind(filter.board.and_then(BoardRef::id))
        .bind(filter.board.and_then(BoardRef::key))
        .bind(filter.labels)
        .bind(filter.capabilities)
        .bind(filter.priority.map(Priority::rank))
        .bind(filter.due_after.map(Timestamp::to_offset_date_time))
        .bind(filter.due_before.map(Timestamp::to_offset_date_time))
        .bind(after.rank)
        .bind(after.priority)
        .bind(after.due.map(Timestamp::to_offset_date_time))
        .bind(after.position)
        .bind(after.card)
        .bind(rows as i32)
        .fetch_all(&mut *conn)
        .await
}

#[derive(sqlx::FromRow)]
struct LeftOutRow {
    id: Uuid,
    key: String,
    title: String,
    board_id: Uuid,
    status: String,
    board_key: String,
    is_archived: bool,
    holder: Option<String>,
    until: Option<OffsetDateTime>,
    assignees: Vec<String>,
    missing: Vec<String>,
    is_in_progress: bool,
    open_blockers: i32,
    blockers: Vec<String>,
}

impl From<LeftOutRow> for LeftOut {
    fn from(row: LeftOutRow) -> Self {
        let mut reasons = Vec::new();
        let mut add = |code, ids: Vec<String>, count: usize| {
            let ids = ids.into_iter().take(MOST_IDS).collect();
            reasons.push(LeftOutReason { code, ids, count: count as i64, until: None });
        };
        if row.is_archived {
            add(LeftOutCode::Archived, vec![row.board_key], 1);
        }
        if row.open_blockers > 0 {
            add(LeftOutCode::BlockedBy, row.blockers, row.open_blockers as usize);
        }
        for (code, ids) in [(LeftOutCode::NotAssigned, row.assignees), (LeftOutCode::Capability, row.missing)] {
            if !ids.is_empty() {
                let count = ids.len();
                add(code, ids, count);
            }
        }
        if row.is_in_progress {
            add(LeftOutCode::InProgress, Vec::new(), 0);
        }
        if let Some(holder) = row.holder {
            let until = row.until.map(Into::into);
            reasons.push(LeftOutReason { code: LeftOutCode::ClaimedBy, ids: vec![holder], count: 1, until });
        }
        reasons.sort_by_key(|reason| reason.code);
        Self {
            card_id: row.id.into(),
            key: row.key,
            title: row.title,
            board_id: row.board_id.into(),
            status: known(&row.status),
            reasons,
        }
    }
}

pub(crate) async fn left_out(
    mut conn: Conn,
    tenant: &str,
    agent: &str,
    filter: &TaskFilter<'_>,
    after: Uuid,
    rows: i64,
) -> sqlx::Result<Vec<LeftOut>> {
    let rows = sqlx::query_as::<_, LeftOutRow>(LEFT_OUT.sql)
        .bind(tenant)
        .bind(agent)
        .bind(filter.board.and_then(BoardRef::id))
        .bind(filter.board.and_then(BoardRef::key))
        .bind(filter.labels)
        .bind(filter.capabilities)
        .bind(filter.priority.map(Priority::rank))
        .bind(filter.due_after.map(Timestamp::to_offset_date_time))
        .bind(filter.due_before.map(Timestamp::to_offset_date_time))
        .bind(after)
        .bind(rows)
        .bind(MOST_IDS as i32)
        .fetch_all(&mut *conn)
        .await?;
    Ok(rows.into_iter().map(LeftOut::from).collect())
}

#[derive(sqlx::FromRow)]
struct FullColumnRow {
    id: Uuid,
    name: String,
    board_key: String,
    cards: i32,
    wip_limit: i32,
}

pub(crate) async fn full_columns(
    mut conn: Conn,
    tenant: &str,
    board: Option<&BoardRef>,
) -> sqlx::Result<Vec<FullColumn>> {
    let rows = sqlx::query_as::<_, FullColumnRow>(FULL_COLUMNS.sql)
        .bind(tenant)
        .bind(board.and_then(BoardRef::id))
        .bind(board.and_then(BoardRef::key))
        .fetch_all(&mut *conn)
        .await?;
    let column = |row: FullColumnRow| FullColumn {
        column_id: row.id.into(),
        name: row.name,
        board_key: row.board_key,
        cards: row.cards,
        wip_limit: row.wip_limit,
    };
    Ok(rows.into_iter().map(column).collect())
}
