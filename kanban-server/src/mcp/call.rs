//! One call of a tool: on whose board, by whom, and with what the client sent besides the arguments.

use kanban_core::{BoardDetail, Card, Column, ColumnKind, Epoch, Error, Kanban, Version};
use rmcp::RoleServer;
use rmcp::model::{InputResponses, JsonObject};
use rmcp::service::RequestContext;
use serde_json::json;

use super::answer::{Outcome, Stop, refusal};
use super::changes;

/// What every tool gets beside its arguments.
pub(super) struct Call {
    /// The board as whoever calls sees and changes it.
    pub(super) kanban: Kanban,
    /// The tool's name.
    pub(super) tool: &'static str,
    /// The arguments as they were sent.
    pub(super) arguments: JsonObject,
    /// What the client answers to questions that this call was stopped with before.
    pub(super) answers: Option<InputResponses>,
    /// The state that it was given with them.
    pub(super) state: Option<String>,
    pub(super) context: RequestContext<RoleServer>,
}

impl Call {
    /// The agent that calls: it claims for itself.
    pub(super) fn agent(&self) -> &str {
        &self.kanban.actor().id
    }

    /// The board, for writes under a claim where the call names one.
    pub(super) fn under(&self, epoch: Option<i64>) -> Kanban {
        match epoch {
            Some(epoch) => self.kanban.clone().under_claim(Epoch(epoch)),
            None => self.kanban.clone(),
        }
    }

    /// The outcome of a write. One that named an old version is told what has changed since, and how to go on.
    pub(super) async fn written(&self, result: kanban_core::Result<Card>) -> Outcome<Card> {
        match result {
            Err(error @ Error::VersionConflict { .. }) => Err(self.stale(error).await),
            result => Ok(result?),
        }
    }

    pub(super) async fn stale(&self, error: Error) -> Stop {
        let Error::VersionConflict { what: "card", id, expected, actual, .. } = &error else { return error.into() };
        let (id, seen, version) = (id.clone(), *expected, *actual);
        let mut explained = refusal(error);
        // what cannot be told is left out: the refusal stands by itself
        if let Ok(since) = changes::of_card(&self.kanban, &id, Version(seen)).await {
            explained["changed"] = json!(since.lines);
            explained["now"] = json!(since.now);
        }
        explained["detail"] = format!(
            "{id} is at version {version}, not {seen}: see what changed. If your write still makes sense, \
             send it again with version {version}."
        )
        .into();
        Stop::Explained(explained)
    }
}

/// The column of a board that is meant by a name, or by a kind where one column is of it or comes first.
pub(super) fn column<'a>(board: &'a BoardDetail, name: &str) -> Outcome<&'a Column> {
    let is_named = |column: &&Column| column.name.to_lowercase() == name.trim().to_lowercase();
    let kind = name.parse::<ColumnKind>().ok();
    let found = board.columns.iter().find(is_named);
    found.or_else(|| board.columns.iter().find(|column| Some(column.kind) == kind)).ok_or_else(|| {
        let names: Vec<String> =
            board.columns.iter().take(20).map(|column| super::text::line(&column.name, 48)).collect();
        Stop::invalid("/column", format!("must be a column of board {}: {}", board.board.key, names.join(", ")))
    })
}
