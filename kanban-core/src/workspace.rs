//! Operations on workspaces.

use crate::db::workspaces;
use crate::kanban::with_current;
use crate::model::{Expected, ListPage, NewWorkspace, Page, Scope, Workspace, WorkspaceId, WorkspacePatch};
use crate::{Error, Kanban, Result};

impl Kanban {
    /// Creates a workspace.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let workspace = kanban.create_workspace(NewWorkspace { name: "Research".into(), ..Default::default() }).await?;
    /// assert_eq!(kanban.get_workspace(workspace.id).await?.name, "Research");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid); [`Duplicate`](Error::Duplicate) when the tenant has one of that name.
    pub async fn create_workspace(&self, new: NewWorkspace) -> Result<Workspace> {
        new.validate()?;
        let id = WorkspaceId::generate().uuid();
        let tenant = self.tenant();
        self.run(&[("tenant", tenant)], |conn, t, actor| workspaces::create_workspace(conn, t, actor, id, &new)).await
    }

    /// Reads a workspace.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound).
    pub async fn get_workspace(&self, id: WorkspaceId) -> Result<Workspace> {
        self.read(|conn, t| workspaces::get_workspace(conn, t, id.uuid()))
            .await?
            .ok_or_else(|| Error::not_found("workspace", id.to_string()))
    }

    /// Lists the tenant's workspaces, oldest first.
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for a bad limit or cursor.
    pub async fn list_workspaces(&self, page: ListPage) -> Result<Page<Workspace>> {
        let rows = page.rows()?;
        let key = self.store.cursor_key().await?;
        let scope = Scope::of(self.tenant_str(), "list_workspaces", &());
        let after = match &page.cursor {
            Some(cursor) => key.open::<WorkspaceId>(&scope, cursor)?.uuid(),
            None => uuid::Uuid::nil(),
        };
        let rows = self.read(|conn, t| workspaces::list_workspaces(conn, t, after, rows)).await?;
        Ok(key.page(&scope, rows, &page, |workspace| workspace.id, |workspace| workspace))
    }

    /// Changes a workspace's name, description or metadata.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let patch = WorkspacePatch { name: Some("Platform".into()), ..WorkspacePatch::default() };
    /// let workspace = kanban.update_workspace(board.board.workspace_id, Version(1), patch).await?;
    /// assert_eq!((workspace.name.as_str(), workspace.version), ("Platform", Version(2)));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`VersionConflict`](Error::VersionConflict), [`Invalid`](Error::Invalid);
    /// [`Duplicate`](Error::Duplicate) when the tenant has one of that name.
    pub async fn update_workspace(
        &self,
        id: WorkspaceId,
        expected: impl Into<Expected>,
        patch: WorkspacePatch,
    ) -> Result<Workspace> {
        patch.validate()?;
        self.write_workspace(id, expected.into(), &patch, false).await
    }

    /// Deletes a workspace that no board is in any more; an archived board is still in it.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let full = board.board.workspace_id;
    /// assert_eq!(kanban.delete_workspace(full, Version(1)).await.unwrap_err().code(), "workspace_not_empty");
    /// let other = kanban.create_workspace(NewWorkspace { name: "other".into(), ..Default::default() }).await?;
    /// let patch = BoardPatch { workspace_id: Some(other.id), ..BoardPatch::default() };
    /// kanban.update_board(board.board.id, board.board.version, patch).await?;
    /// assert!(kanban.delete_workspace(full, Version(1)).await?.deleted_at.is_some());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`VersionConflict`](Error::VersionConflict); [`State`](Error::State) while boards are
    /// in it.
    pub async fn delete_workspace(&self, id: WorkspaceId, expected: impl Into<Expected>) -> Result<Workspace> {
        self.write_workspace(id, expected.into(), &WorkspacePatch::default(), true).await
    }

    async fn write_workspace(
        &self,
        id: WorkspaceId,
        expected: Expected,
        patch: &WorkspacePatch,
        delete: bool,
    ) -> Result<Workspace> {
        let version = expected.as_bind();
        let result = self
            .run(&[("workspace", &id), ("version", &version.unwrap_or_default())], |conn, t, actor| {
                workspaces::update_workspace(conn, t, actor, id.uuid(), version, patch, delete)
            })
            .await;
        with_current(result, async || self.get_workspace(id).await).await
    }
}
