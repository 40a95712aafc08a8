//! Operations on columns.

use crate::db::columns;
use crate::kanban::with_current;
use crate::model::{BoardRef, Column, ColumnId, ColumnPatch, ColumnPlace, Expected, NewColumn};
use crate::{Error, Kanban, Result};

impl Kanban {
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
        self.run(&[("board", &board)], |conn, t, actor| columns::create_column(conn, t, actor, &board, id, &new)).await
    }

    /// Reads a column.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound).
    pub async fn get_column(&self, id: ColumnId) -> Result<Column> {
        self.read(|conn, t| columns::get_column(conn, t, id.uuid()))
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
                columns::update_column(conn, t, actor, id.uuid(), version, &patch)
            })
            .await;
        with_current(result, async || self.get_column(id).await).await
    }

    /// Moves a column to another place on its board.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let (todo, done) = (&board.columns[0], &board.columns[2]);
    /// let moved = kanban.reorder_column(done.id, done.version, ColumnPlace::before(todo.id)).await?;
    /// assert_eq!(moved.position, 0);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`VersionConflict`](Error::VersionConflict); [`Invalid`](Error::Invalid) for a
    /// neighbour that is not another column of the board; [`State`](Error::State) on an archived board.
    pub async fn reorder_column(
        &self,
        id: ColumnId,
        expected: impl Into<Expected>,
        place: ColumnPlace,
    ) -> Result<Column> {
        place.validate()?;
        let version = expected.into().as_bind();
        let result = self
            .run(&[("column", &id), ("version", &version.unwrap_or_default())], |conn, t, actor| {
                columns::reorder_column(conn, t, actor, id.uuid(), version, &place)
            })
            .await;
        with_current(result, async || self.get_column(id).await).await
    }

    /// Deletes a column. Its cards go to the end of `move_cards_to`, another column of the board, in their order and all
    /// at once, as if each had been moved. Cards that were deleted before come back in the board's first column when they
    /// are restored.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let (todo, doing) = (&board.columns[0], &board.columns[1]);
    /// let card = kanban.create_card(doing.id, NewCard::titled("Fix the login")).await?;
    /// let refused = kanban.delete_column(doing.id, doing.version, None).await.unwrap_err();
    /// assert_eq!(refused.code(), "column_not_empty");
    /// kanban.delete_column(doing.id, doing.version, Some(todo.id)).await?;
    /// assert_eq!(kanban.get_card(card.id).await?.status, ColumnKind::Todo);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`VersionConflict`](Error::VersionConflict); [`Invalid`](Error::Invalid) for a target
    /// that is not another column of the board; [`State`](Error::State) when it holds cards and there is no target, or more
    /// than 200, or on an archived board; [`WipLimitReached`](Error::WipLimitReached) for the target;
    /// [`Claimed`](Error::Claimed) to an agent while another agent works on one of the cards.
    pub async fn delete_column(
        &self,
        id: ColumnId,
        expected: impl Into<Expected>,
        move_cards_to: Option<ColumnId>,
    ) -> Result<Column> {
        let version = expected.into().as_bind();
        let to = move_cards_to.map(ColumnId::uuid);
        let result = self
            .run(&[("column", &id), ("version", &version.unwrap_or_default())], |conn, t, actor| {
                columns::delete_column(conn, t, actor, id.uuid(), version, to)
            })
            .await;
        with_current(result, async || self.get_column(id).await).await
    }
}
