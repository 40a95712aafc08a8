//! Operations on boards.

use serde::Deserialize;

use crate::db::boards::{self, InitialColumn};
use crate::db::columns;
use crate::kanban::with_current;
use crate::model::{
    Board, BoardDetail, BoardId, BoardPatch, BoardRef, ColumnId, Expected, ListPage, NewBoard, Page, Scope, WorkspaceId,
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

    /// Changes a board's own members; moves it to another workspace, archives it or brings it back.
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
    /// [`NotFound`](Error::NotFound), also for the workspace; [`VersionConflict`](Error::VersionConflict),
    /// [`Invalid`](Error::Invalid).
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
        let workspace = patch.workspace_id.map(|id| id.to_string()).unwrap_or_default();
        let result = self
            .run(
                &[("board", board), ("version", &version.unwrap_or_default()), ("workspace", &workspace)],
                |conn, t, actor| boards::update_board(conn, t, actor, board, version, patch, delete),
            )
            .await;
        with_current(result, async || self.get_board(board.clone()).await).await
    }

    async fn with_columns(&self, board: Board) -> Result<BoardDetail> {
        let columns = self.read(|conn, t| columns::list_columns(conn, t, board.id.uuid())).await?;
        Ok(BoardDetail { board, columns })
    }
}
