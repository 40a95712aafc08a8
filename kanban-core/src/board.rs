//! Operations on workspaces, boards and columns.

use serde::Deserialize;

use crate::db::boards::{self, InitialColumn};
use crate::kanban::with_current;
use crate::model::{
    Board, BoardDetail, BoardId, BoardPatch, BoardRef, Column, ColumnId, ColumnPatch, Expected, ListPage, NewBoard,
    NewColumn, NewWorkspace, Page, Scope, Workspace, WorkspaceId,
};
use crate::{Error, Kanban, Result};

/// Which boards to list.
#[derive(Debug, Clone, Default, serde::Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct BoardFilter {
    /// In this workspace.
    #[serde(default)]
    pub workspace_id: Option<WorkspaceId>,
    /// Only archived ones, or only the others; all when absent.
    #[serde(default)]
    pub archived: Option<bool>,
}

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
        self.run(&[("tenant", tenant)], |conn, t, actor| boards::create_workspace(conn, t, actor, id, &new)).await
    }

    /// Reads a workspace.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound).
    pub async fn get_workspace(&self, id: WorkspaceId) -> Result<Workspace> {
        self.read(|conn, t| boards::get_workspace(conn, t, id.uuid()))
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
        let rows = self.read(|conn, t| boards::list_workspaces(conn, t, after, rows)).await?;
        Ok(key.page(&scope, rows, &page, |workspace| workspace.id, |workspace| workspace))
    }

    /// Creates a board with the columns of its template. Without a key it gets one from its name; without a workspace it
    /// goes to the tenant's first one.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let release = kanban.create_board(NewBoard::named("Release train")).await?;
    /// assert_eq!((release.board.key.as_str(), release.columns.len()), ("RT", 3));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid); [`NotFound`](Error::NotFound) for the workspace; [`Duplicate`](Error::Duplicate) when
    /// the given key is taken.
    pub async fn create_board(&self, new: NewBoard) -> Result<BoardDetail> {
        new.validate()?;
        let workspace = match new.workspace_id {
            Some(id) => id,
            None => {
                let first = self.list_workspaces(ListPage::first(1)).await?.items.into_iter().next();
                first.map(|workspace| workspace.id).ok_or_else(|| {
                    Error::invalid("/workspace_id", "is needed: there is no workspace yet; create one first")
                })?
            }
        };
        let columns: Vec<InitialColumn> = new
            .template
            .columns()
            .into_iter()
            .map(|column| InitialColumn {
                id: ColumnId::generate().uuid(),
                name: column.name,
                kind: column.kind.as_str(),
                wip_limit: column.wip_limit,
            })
            .collect();
        let derived = new.derived_key();
        let mut attempt = 1;
        let board = loop {
            // a derived key that is taken gets a number
            let key = match (&new.key, attempt) {
                (Some(key), _) => key.clone(),
                (None, 1) => derived.clone(),
                (None, n) => format!("{derived}{n}"),
            };
            let id = BoardId::generate().uuid();
            let created = self
                .run(&[("workspace", &workspace), ("tenant", self.tenant())], |conn, t, actor| {
                    boards::create_board(conn, t, actor, id, workspace.uuid(), &key, &new, &columns)
                })
                .await;
            match created {
                Err(Error::Duplicate { what: "board", field: "key" }) if new.key.is_none() && attempt < 1000 => {
                    attempt += 1;
                }
                created => break created?,
            }
        };
        self.with_columns(board).await
    }

    /// Reads a board with its columns in order and their counts of cards.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let board = kanban.get_board("AB".parse::<BoardRef>()?).await?;
    /// assert_eq!(board.columns[1].name, "Doing");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound).
    pub async fn get_board(&self, board: impl Into<BoardRef>) -> Result<BoardDetail> {
        let board = board.into();
        let row = self.read(|conn, t| boards::get_board(conn, t, &board)).await?;
        self.with_columns(row.ok_or_else(|| Error::not_found("board", board.to_string()))?).await
    }

    /// Lists the tenant's boards, oldest first.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let boards = kanban.list_boards(BoardFilter::default(), ListPage::default()).await?;
    /// assert_eq!(boards.items[0].key, "AB");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for a bad limit or cursor.
    pub async fn list_boards(&self, filter: BoardFilter, page: ListPage) -> Result<Page<Board>> {
        let rows = page.rows()?;
        let key = self.store.cursor_key().await?;
        let scope = Scope::of(self.tenant_str(), "list_boards", &filter);
        let after = match &page.cursor {
            Some(cursor) => key.open::<BoardId>(&scope, cursor)?.uuid(),
            None => uuid::Uuid::nil(),
        };
        let workspace = filter.workspace_id.map(WorkspaceId::uuid);
        let rows = self.read(|conn, t| boards::list_boards(conn, t, after, workspace, filter.archived, rows)).await?;
        Ok(key.page(&scope, rows, &page, |board| board.id, |board| board))
    }

    /// Changes a board's own members; archives it or brings it back.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let patch = BoardPatch { archived: Some(true), ..BoardPatch::default() };
    /// let archived = kanban.update_board(board.board.id, board.board.version, patch).await?;
    /// assert!(archived.board.archived_at.is_some());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`VersionConflict`](Error::VersionConflict), [`Invalid`](Error::Invalid).
    pub async fn update_board(
        &self,
        board: impl Into<BoardRef>,
        expected: impl Into<Expected>,
        patch: BoardPatch,
    ) -> Result<BoardDetail> {
        patch.validate()?;
        let updated = self.write_board(&board.into(), expected.into(), &patch, false).await?;
        self.with_columns(updated).await
    }

    /// Deletes a board with all that is on it. Its cards hold nothing back any more.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`VersionConflict`](Error::VersionConflict).
    pub async fn delete_board(&self, board: impl Into<BoardRef>, expected: impl Into<Expected>) -> Result<Board> {
        self.write_board(&board.into(), expected.into(), &BoardPatch::default(), true).await
    }

    async fn write_board(
        &self,
        board: &BoardRef,
        expected: Expected,
        patch: &BoardPatch,
        delete: bool,
    ) -> Result<Board> {
        let version = expected.as_bind();
        let result = self
            .run(&[("board", board), ("version", &version.unwrap_or_default())], |conn, t, actor| {
                boards::update_board(conn, t, actor, board, version, patch, delete)
            })
            .await;
        with_current(result, async || self.get_board(board.clone()).await).await
    }

    async fn with_columns(&self, board: Board) -> Result<BoardDetail> {
        let columns = self.read(|conn, t| boards::list_columns(conn, t, board.id.uuid())).await?;
        Ok(BoardDetail { board, columns })
    }

    /// Creates a column at the end of a board.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let review = kanban.create_column(board.board.id, NewColumn::named("Review", ColumnKind::Doing)).await?;
    /// assert_eq!(review.position, 3);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid); [`NotFound`](Error::NotFound) for the board; [`Duplicate`](Error::Duplicate) when the
    /// board has a column of that name.
    pub async fn create_column(&self, board: impl Into<BoardRef>, new: NewColumn) -> Result<Column> {
        new.validate()?;
        let board = board.into();
        let id = ColumnId::generate().uuid();
        self.run(&[("board", &board)], |conn, t, actor| boards::create_column(conn, t, actor, &board, id, &new)).await
    }

    /// Reads a column.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound).
    pub async fn get_column(&self, id: ColumnId) -> Result<Column> {
        self.read(|conn, t| boards::get_column(conn, t, id.uuid()))
            .await?
            .ok_or_else(|| Error::not_found("column", id.to_string()))
    }

    /// Changes a column's name, kind, WIP limit or metadata.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let doing = &board.columns[1];
    /// let limit = ColumnPatch { wip_limit: Some(Some(3)), ..ColumnPatch::default() };
    /// assert_eq!(kanban.update_column(doing.id, doing.version, limit).await?.wip_limit, Some(3));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`VersionConflict`](Error::VersionConflict), [`Invalid`](Error::Invalid);
    /// [`State`](Error::State) when the kind of a column with cards is to change.
    pub async fn update_column(
        &self,
        id: ColumnId,
        expected: impl Into<Expected>,
        patch: ColumnPatch,
    ) -> Result<Column> {
        patch.validate()?;
        let version = expected.into().as_bind();
        let result = self
            .run(&[("column", &id), ("version", &version.unwrap_or_default())], |conn, t, actor| {
                boards::update_column(conn, t, actor, id.uuid(), version, &patch)
            })
            .await;
        with_current(result, async || self.get_column(id).await).await
    }
}
