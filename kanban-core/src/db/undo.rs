//! Undo, which is one statement.

use serde::Deserialize;
use sqlx::types::{Json, Uuid};

use super::{Conn, bind, registered};
use crate::model::{
    Action, Actor, ActorRef, BoardRef, MOST_UNDONE, Timestamp, Undo, UndoOutcome, UndoReason, UndoReasonCode,
    UndoneThing,
};
use crate::{Error, Result};

registered! {
    UNDO = "select kanban.undo($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
}

/// What the statement answers.
#[derive(Deserialize)]
pub(crate) struct UndoneRow {
    pub(crate) next_before_seq: Option<i64>,
    items: Vec<ThingRow>,
}

#[derive(Deserialize)]
struct ThingRow {
    seq: i64,
    entity_type: String,
    entity_id: Uuid,
    name: Option<String>,
    actions: Vec<String>,
    outcome: UndoOutcome,
    members: Vec<String>,
    reason: Option<ReasonRow>,
}

/// The data of a reason; each code has some of it.
#[derive(Deserialize)]
struct ReasonRow {
    code: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    path: Vec<String>,
    agent_id: Option<String>,
    column: Option<String>,
    card: Option<String>,
    board: Option<String>,
    actor: Option<ActorRef>,
    action: Option<Action>,
    at: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl UndoneRow {
    pub(crate) fn items(self) -> Result<Vec<UndoneThing>> {
        self.items.into_iter().map(ThingRow::thing).collect()
    }
}

impl ThingRow {
    fn thing(self) -> Result<UndoneThing> {
        Ok(UndoneThing {
            entity_type: self.entity_type.parse().map_err(Error::internal)?,
            entity_id: self.entity_id.into(),
            name: self.name.unwrap_or_default(),
            actions: self.actions,
            seq: self.seq,
            outcome: self.outcome,
            members: self.members,
            reason: self.reason.map(ReasonRow::reason).transpose()?,
        })
    }
}

impl ReasonRow {
    /// Refusals have their own codes, which are the same where they are about what can stand against an undo.
    fn reason(self) -> Result<UndoReason> {
        let code = match (self.code.as_str(), self.what.as_str()) {
            ("not_found", "workspace") => UndoReasonCode::WorkspaceGone,
            ("not_found" | "board_archived", _) => UndoReasonCode::BoardClosed,
            (code, _) => code.parse().map_err(Error::internal)?,
        };
        let ids = match code {
            UndoReasonCode::ChangedSince | UndoReasonCode::Duplicate => self.members,
            UndoReasonCode::DependencyCycle => self.path,
            _ => [self.agent_id, self.column, self.card, self.board].into_iter().flatten().collect(),
        };
        let (actor, action, at, until) = (self.actor, self.action, self.at, self.until);
        Ok(UndoReason { actor, action, at, until, ..UndoReason::new(code, ids) }.told())
    }
}

pub(crate) async fn undo(
    mut conn: Conn,
    tenant: &str,
    actor: &Actor,
    board: &BoardRef,
    undo: &Undo,
) -> sqlx::Result<UndoneRow> {
    let Json(row) = sqlx::query_scalar::<_, Json<UndoneRow>>(UNDO.sql)
        .bind(tenant)
        .bind(bind(actor))
        .bind(board.id())
        .bind(board.key())
        .bind(&undo.actor)
        .bind(&undo.run_id)
        .bind(undo.from.to_offset_date_time())
        .bind(undo.to.map(Timestamp::to_offset_date_time))
        .bind(undo.before_seq)
        .bind(MOST_UNDONE)
        .bind(undo.dry_run)
        .fetch_one(&mut *conn)
        .await?;
    Ok(row)
}
