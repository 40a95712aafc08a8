//! Operations on workspaces.

use kanban_core::{Kanban, ListPage, NewWorkspace, WorkspaceId, WorkspacePatch};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::job::{Work, work};

pub(crate) fn create_workspace(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let new: NewWorkspace = a.rest()?;
    Ok(work(async move { kanban.create_workspace(new).await }))
}

pub(crate) fn get_workspace(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let id: WorkspaceId = a.named("workspace_id")?;
    Ok(work(async move { kanban.get_workspace(id).await }))
}

pub(crate) fn list_workspaces(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let page: ListPage = a.rest()?;
    Ok(work(async move { kanban.list_workspaces(page).await }))
}

pub(crate) fn update_workspace(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (id, version): (WorkspaceId, _) = (a.named("workspace_id")?, a.version()?);
    let patch: WorkspacePatch = a.rest()?;
    Ok(work(async move { kanban.update_workspace(id, version, patch).await }))
}

pub(crate) fn delete_workspace(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (id, version): (WorkspaceId, _) = (a.named("workspace_id")?, a.version()?);
    Ok(work(async move { kanban.delete_workspace(id, version).await }))
}
