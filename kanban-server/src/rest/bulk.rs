//! Many changes of one board at once.

use axum::response::IntoResponse;
use kanban_core::{BoardRef, Bulk, BulkOutcome};

use super::Answer;
use crate::extract::{Act, Body, Id};
use crate::json::Json;
use crate::openapi::{Conflict, PreconditionFailed};

/// Changes many cards of a board at once: all operations take effect, or none does.
///
/// They are carried out one after the other, and each appends its own event. The first that is refused ends it all: the
/// refusal's `index` is its zero-based place, its `action` what it was to do; where the input breaks a rule, each pointer in
/// `errors` begins with `/operations/` and that place. With `dry_run` the answer is the same and nothing is changed: only
/// the id and the times of a card that would be created are not those it would get.
#[utoipa::path(
    post,
    path = "/v1/boards/{id}/cards/bulk",
    operation_id = "bulk",
    tag = "cards",
    params(Act, Id<BoardRef>),
    request_body(content = Bulk, example = json!({
        "operations": [
            {"create": {"column_id": "01JD8QGZ5R00000000000000C1", "card": {"title": "Write a test", "priority": "high"}}},
            {"update": {"card": "AB-1", "version": 1, "patch": {"assignees": ["claude-1"]}}},
            {"move": {"card": "AB-1", "version": 1, "column_id": "01JD8QGZ5R00000000000000C2", "position": 0}},
            {"add_labels": {"card": "AB-2", "labels": ["bug"]}},
            {"delete": {"card": "AB-3", "version": "*"}}
        ],
        "dry_run": true,
        "fields": ["column_id", "labels"]
    })),
    responses(
        (status = 200, description = "What came of each operation, or would come of it.", body = BulkOutcome),
        Conflict,
        PreconditionFailed,
    )
)]
pub(super) async fn bulk(Act(kanban): Act, Id(board): Id<BoardRef>, Body(bulk): Body<Bulk>) -> Answer {
    Ok(Json(kanban.bulk(board, bulk).await?).into_response())
}
