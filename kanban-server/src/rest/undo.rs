//! Undo, for operators.

use axum::response::IntoResponse;
use kanban_core::{BoardRef, Undo, Undone};

use super::Answer;
use crate::extract::{Act, Body, Id};
use crate::json::Json;
use crate::openapi::Conflict;

/// Undoes what one actor or one run did on a board in a stretch of time.
///
/// Things are put back by new events of whoever asks, each thing by one, so an undo can be undone in turn. Cards go back to
/// the columns and places they came from, with the members they had; what was created is deleted, and what was deleted comes
/// back; claims that are still held end. Where somebody else has changed the same members since, nothing of that thing is
/// undone, and its `reason` says who, what and when; all others are. With `dry_run` the answer is the same and nothing is
/// changed.
///
/// At most 200 things at once, those first that were changed last: while `next_before_seq` is not null, call again with it as
/// `before_seq`. Stop the agent first, for what it goes on to do is not undone. Where cards went from board to board, undo it
/// on each of them.
#[utoipa::path(
    post,
    path = "/v1/boards/{id}/undo",
    operation_id = "undo",
    tag = "boards",
    params(Act, Id<BoardRef>),
    request_body(content = Undo, example = json!({
        "actor": "claude-1",
        "run_id": "run-7",
        "from": "2025-03-01T09:00:00Z",
        "to": "2025-03-01T10:00:00Z",
        "dry_run": true
    })),
    responses(
        (status = 200, description = "What came of each thing, or would come of it.", body = Undone),
        Conflict,
    )
)]
pub(super) async fn undo(Act(kanban): Act, Id(board): Id<BoardRef>, Body(undo): Body<Undo>) -> Answer {
    Ok(Json(kanban.undo(board, undo).await?).into_response())
}
