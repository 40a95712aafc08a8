//! Workspaces.

use axum::extract::OriginalUri;
use kanban_core::{NewWorkspace, WorkspaceId};

use super::Answer;
use crate::etag::{Seen, created};
use crate::extract::{self, Act, Body, Id, Query};

/// A list without filters.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoFilter {}

pub(super) async fn create(Act(kanban): Act, Body(new): Body<NewWorkspace>) -> Answer {
    let workspace = kanban.create_workspace(new).await?;
    Ok(created(format!("/v1/workspaces/{}", workspace.id), &workspace))
}

pub(super) async fn read(Act(kanban): Act, Id(id): Id<WorkspaceId>, seen: Seen) -> Answer {
    Ok(seen.answer(&kanban.get_workspace(id).await?))
}

pub(super) async fn list(Act(kanban): Act, uri: OriginalUri, Query(NoFilter {}, page): Query<NoFilter>) -> Answer {
    Ok(extract::list(&uri, kanban.list_workspaces(page).await?))
}
