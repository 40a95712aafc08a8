//! Reading a board's events.

use crate::db::events;
use crate::model::{BoardRef, Event, ListEvents};
use crate::{Error, Kanban, Result};

impl Kanban {
    /// A board's events behind a number, in their order. The numbers have no gap, so the highest one read is all that a
    /// reader needs to remember.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let events = kanban.list_events(board.board.id, ListEvents::default()).await?;
    /// let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    /// assert_eq!(numbers, [1, 2, 3, 4]);
    /// assert_eq!(events[0].action, "board.created");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the board; [`Invalid`](Error::Invalid) for a number that the board has not
    /// reached yet.
    pub async fn list_events(&self, board: impl Into<BoardRef>, list: ListEvents) -> Result<Vec<Event>> {
        if !(1..=1000).contains(&list.limit) {
            return Err(Error::invalid("/limit", "must be from 1 to 1000"));
        }
        let board = board.into();
        let limit = i64::from(list.limit);
        let events = self.read(|conn, t| events::list_events(conn, t, &board, list.since, limit)).await?;
        if events.is_empty() {
            let seq = self.get_board(board).await?.board.seq;
            if list.since > seq || list.since < 0 {
                return Err(Error::invalid("/since", format!("must be from 0 to {seq}, the board's last event")));
            }
        }
        Ok(events)
    }
}
