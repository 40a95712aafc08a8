//! Undo, for operators.

use crate::db::undo;
use crate::model::{BoardRef, TokenScope, Undo, Undone};
use crate::{Kanban, Result};

impl Kanban {
    /// Undoes what one actor or one run did on a board in a stretch of time. What it did stays in the history: things are
    /// put back by new events of whoever asks, each thing by one, so an undo can be undone in turn.
    ///
    /// Cards go back to the columns and the places they came from, with the texts and members they had; what was created is
    /// deleted and what was deleted comes back, columns, comments, attachments and links among it; claims that are still
    /// held end, and those that have ended stay so. Members of a thing that somebody else has changed since are a conflict,
    /// and nothing of that thing is undone; all others are. The answer tells of each. What has to do with time stays: when a
    /// card was begun, or how long it was where.
    ///
    /// At most 200 things at once, those first that were changed last; a dry run does the same and takes it back.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let (todo, done) = (board.columns[0].id, board.columns[2].id);
    /// let card = kanban.create_card(todo, NewCard::titled("Fix the login")).await?;
    /// let agent = kanban.acting_as(Actor::agent("claude-1").in_run("run-7"))?;
    /// agent.move_card(card.id, Expected::Any, MoveCard::to(done)).await?;
    /// agent.create_card(todo, NewCard::titled("Nonsense")).await?;
    ///
    /// let undo = Undo::of_run("run-7", card.created_at);
    /// let tried = kanban.undo(board.board.id, Undo { dry_run: true, ..undo.clone() }).await?;
    /// assert!(tried.items.iter().all(|thing| thing.outcome == UndoOutcome::Reverted));
    /// let undone = kanban.undo(board.board.id, undo).await?;
    /// assert_eq!(undone.items, tried.items);
    /// let cards = kanban.list_cards(board.board.id, ListCards::default()).await?.items;
    /// assert_eq!(cards.iter().map(|card| (&*card.title, card.column_id)).collect::<Vec<_>>(), [("Fix the login", todo)]);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`ScopeNeeded`](crate::Error::ScopeNeeded) without the scope `admin`; [`NotFound`](crate::Error::NotFound) for the board;
    /// [`Invalid`](crate::Error::Invalid) where neither an actor nor a run is named, and for a stretch of time that is
    /// backwards or in the future; [`State`](crate::Error::State) when the board was archived by somebody else.
    pub async fn undo(&self, board: impl Into<BoardRef>, undo: Undo) -> Result<Undone> {
        self.require(TokenScope::Admin)?;
        undo.validate()?;
        let board = board.into();
        let undone = self.run(&[("board", &board)], |conn, t, actor| undo::undo(conn, t, actor, &board, &undo)).await?;
        Ok(Undone { dry_run: undo.dry_run, next_before_seq: undone.next_before_seq, items: undone.items()? })
    }
}
