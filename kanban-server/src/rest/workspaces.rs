//! Workspaces.

use axum::extract::OriginalUri;
use kanban_core::{NewWorkspace, Page, Workspace, WorkspaceId, WorkspacePatch};
use utoipa::IntoParams;

use super::Answer;
use crate::etag::{IfMatch, Seen, created, tagged};
use crate::extract::{self, Act, Body, Id, Listed};
use crate::openapi::Conflict;

/// A list without filters.
#[derive(serde::Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct NoFilter {}

/// Creates a workspace.
#[utoipa::path(
    post,
    path = "/v1/workspaces",
    operation_id = "create_workspace",
    tag = "workspaces",
    params(Act),
    request_body(content = NewWorkspace, example = json!({"name": "Research"})),
    responses(
        (status = 201, description = "The workspace.", body = Workspace,
         headers(("Location" = String, description = "Where the workspace is."))),
        Conflict,
    )
)]
pub(super) async fn create(Act(kanban): Act, Body(new): Body<NewWorkspace>) -> Answer {
    let workspace = kanban.create_workspace(new).await?;
    Ok(created(format!("/v1/workspaces/{}", workspace.id), &workspace))
}

/// Reads a workspace.
#[utoipa::path(
    get,
    path = "/v1/workspaces/{id}",
    operation_id = "get_workspace",
    tag = "workspaces",
    params(Act, Id<WorkspaceId>, Seen),
    responses((status = 200, description = "The workspace.", body = Workspace))
)]
pub(super) async fn read(Act(kanban): Act, Id(id): Id<WorkspaceId>, seen: Seen) -> Answer {
    Ok(seen.answer(&kanban.get_workspace(id).await?))
}

/// Lists workspaces, oldest first.
#[utoipa::path(
    get,
    path = "/v1/workspaces",
    operation_id = "list_workspaces",
    tag = "workspaces",
    params(Act, Listed<NoFilter>),
    responses((status = 200, description = "A page of workspaces.", body = Page<Workspace>))
)]
pub(super) async fn list(Act(kanban): Act, uri: OriginalUri, Listed(NoFilter {}, page): Listed<NoFilter>) -> Answer {
    Ok(extract::list(&uri, kanban.list_workspaces(page).await?))
}

/// Changes a workspace's name, description or metadata.
///
/// Absent members stay; metadata is merged (RFC 7396).
#[utoipa::path(
    patch,
    path = "/v1/workspaces/{id}",
    operation_id = "update_workspace",
    tag = "workspaces",
    params(Act, Id<WorkspaceId>, IfMatch),
    request_body(content(
        (WorkspacePatch = "application/merge-patch+json", example = json!({"metadata": {"team": "platform"}})),
        (WorkspacePatch = "application/json", example = json!({"name": "Platform"})),
    )),
    responses((status = 200, description = "The workspace as it is now.", body = Workspace), Conflict)
)]
pub(super) async fn update(
    Act(kanban): Act,
    Id(id): Id<WorkspaceId>,
    IfMatch(expected): IfMatch,
    Body(patch): Body<WorkspacePatch>,
) -> Answer {
    Ok(tagged(&kanban.update_workspace(id, expected, patch).await?))
}

/// Deletes a workspace that no board is in any more.
///
/// An archived board is still in it. Delete its boards, or move them to another workspace, first.
#[utoipa::path(
    delete,
    path = "/v1/workspaces/{id}",
    operation_id = "delete_workspace",
    tag = "workspaces",
    params(Act, Id<WorkspaceId>, IfMatch),
    responses((status = 200, description = "The workspace as it was deleted.", body = Workspace), Conflict)
)]
pub(super) async fn delete(Act(kanban): Act, Id(id): Id<WorkspaceId>, IfMatch(expected): IfMatch) -> Answer {
    Ok(tagged(&kanban.delete_workspace(id, expected).await?))
}
