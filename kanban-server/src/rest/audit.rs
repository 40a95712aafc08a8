//! Who changed what, when.

use axum::extract::OriginalUri;
use kanban_core::{AuditFilter, Event, ListAudit, Page};

use super::Answer;
use crate::extract::{self, Act, Listed};
use crate::openapi::NotFound;

/// Lists changes, newest first, of all boards and of what belongs to no board.
///
/// With `board_id` they come in the order of their numbers, otherwise in that of their moments. A change that is part of
/// two boards' histories, such as a move between them, is there once for each. Nothing changes or removes what is listed.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "list_audit",
    tag = "events",
    params(Act, Listed<AuditFilter>),
    responses((status = 200, description = "A page of events.", body = Page<Event>), NotFound)
)]
pub(super) async fn list(Act(kanban): Act, uri: OriginalUri, Listed(filter, page): Listed<AuditFilter>) -> Answer {
    Ok(extract::list(&uri, kanban.list_audit(ListAudit { filter, page }).await?))
}
