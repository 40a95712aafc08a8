//! Reading what has happened on a board: every step, or what became of each thing.

use crate::db::events::{self, Head};
use crate::model::{BoardRef, Changes, Event, Fold, ListChanges, ListEvents};
use crate::{Error, Kanban, Result};

/// Events that one look at the database takes in on the way to changes.
const STEPS: i64 = 500;

/// The most events that one answer of changes takes in.
const MOST_STEPS: i64 = 10_000;

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
    /// reached yet; [`HistoryGone`](Error::HistoryGone) where the events behind it are not kept any more.
    pub async fn list_events(&self, board: impl Into<BoardRef>, list: ListEvents) -> Result<Vec<Event>> {
        if !(1..=1000).contains(&list.limit) {
            return Err(Error::invalid("/limit", "must be from 1 to 1000"));
        }
        let board = board.into();
        let limit = i64::from(list.limit);
        let read = async || self.read(|conn, t| events::list_events(conn, t, &board, list.since, limit)).await;
        let follow = |events: &[Event]| events.first().is_some_and(|event| event.seq == list.since + 1);
        let mut events = read().await?;
        if follow(&events) {
            return Ok(events);
        }
        let head = self.head_behind(&board, list.since).await?;
        if head.seq > list.since && events.is_empty() {
            // they came in between the two looks, or are not kept
            events = read().await?;
        }
        if head.seq == list.since || follow(&events) { Ok(events) } else { Err(head.gone(list.since)) }
    }

    /// What became of each thing on a board behind an event, without the steps on the way: new, changed, gone, moved to or
    /// from another board. Cheap to read for an agent that was away, however much happened meanwhile.
    ///
    /// One answer tells of at most [`limit`](ListChanges::limit) things and takes in at most 10,000 events; the next begins
    /// at [`next_since`](Changes::next_since).
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let since = board.board.seq;
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let seen = kanban.list_changes(board.board.id, ListChanges { since, ..Default::default() }).await?;
    /// kanban.move_card(card.id, card.version, MoveCard::to(board.columns[1].id)).await?;
    /// kanban.delete_card(card.id, Expected::Any).await?;
    /// // two steps, one card
    /// let since = seen.next_since;
    /// let changes = kanban.list_changes(board.board.id, ListChanges { since, ..Default::default() }).await?;
    /// let change = &changes.items[0];
    /// assert_eq!((change.key.as_deref(), change.what), (Some("AB-1"), ChangeKind::Deleted));
    /// assert_eq!(change.actions, ["card.moved", "card.deleted"]);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// Those of [`list_events`](Self::list_events).
    pub async fn list_changes(&self, board: impl Into<BoardRef>, list: ListChanges) -> Result<Changes> {
        if !(1..=1000).contains(&list.limit) {
            return Err(Error::invalid("/limit", "must be from 1 to 1000"));
        }
        let head = self.head_behind(&board.into(), list.since).await?;
        let mut fold = Fold::new(head.id, list.since, list.limit as usize);
        'all: while fold.seq() < head.seq && fold.seq() - list.since < MOST_STEPS {
            let since = fold.seq();
            let steps = self.read(|conn, t| events::list_steps(conn, t, head.id, since, STEPS)).await?;
            if steps.first().is_none_or(|(event, _)| event.seq != since + 1) {
                return Err(head.gone(list.since));
            }
            for (event, card) in steps {
                if event.seq > head.seq || !fold.take(event, card) {
                    break 'all;
                }
            }
        }
        let next_since = fold.seq();
        Ok(Changes { items: fold.finish(), next_since, seq: head.seq })
    }

    /// How far a board has come.
    pub(crate) async fn head(&self, board: &BoardRef) -> Result<Head> {
        let head = self.read(|conn, t| events::get_head(conn, t, board)).await?;
        head.ok_or_else(|| Error::not_found("board", board.to_string()))
    }

    async fn head_behind(&self, board: &BoardRef, since: i64) -> Result<Head> {
        let head = self.head(board).await?;
        if (0..=head.seq).contains(&since) {
            return Ok(head);
        }
        Err(Error::invalid("/since", format!("must be from 0 to {}, the number of the board's last event", head.seq)))
    }
}

impl Head {
    /// The events behind `since` are not there, though the board has come further.
    pub(crate) fn gone(&self, since: i64) -> Error {
        Error::HistoryGone { board: self.key.clone(), since, seq: self.seq }
    }
}
