//! Following a board: a stream of its events as they happen.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::time::{Instant, timeout_at};

use crate::feed::{Follower, Gone};
use crate::model::{BoardRef, Event};
use crate::token::FRESH;
use crate::{Error, Kanban, Result};

/// A board's events as they happen, in order, each once. Made by [`Kanban::watch`].
///
/// It ends when the store is closed or its streams are, and within seconds when the token of its handle is revoked or
/// expires; begin again behind the last event seen. It waits as long as the
/// database is away, and goes on where it was.
#[must_use = "it does nothing until it is polled"]
pub struct Watch {
    events: Pin<Box<dyn Stream<Item = Result<Event>> + Send>>,
}

impl Kanban {
    /// Follows a board: its events behind `since`, and then each as it happens; only what happens from now on when `since`
    /// is `None`. However many streams a process has, one reader serves them all; a slow one holds no other up.
    ///
    /// Where the events behind `since` are not there, the stream begins with [`HistoryGone`](Error::HistoryGone): read the
    /// board again. It then goes on behind the number that the error names.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// use futures::StreamExt;
    ///
    /// let mut events = kanban.watch(board.board.id, None).await?;
    /// kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let event = events.next().await.expect("it goes on")?;
    /// assert_eq!((event.seq, event.action.as_str()), (board.board.seq + 1, "card.created"));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the board; [`Invalid`](Error::Invalid) for a number below zero;
    /// [`Unavailable`](Error::Unavailable) once the streams of the store have ended.
    pub async fn watch(&self, board: impl Into<BoardRef>, since: Option<i64>) -> Result<Watch> {
        if since.is_some_and(|since| since < 0) {
            return Err(Error::invalid("/since", "must be the number of an event, or 0 for all"));
        }
        let head = self.head(&board.into()).await?;
        let since = since.unwrap_or(head.seq);
        let is_ahead = since > head.seq;
        let follower = self.store.feeds().follow(self.tenant(), head.id, since.min(head.seq), head.seq);
        let follower = follower.ok_or_else(|| Error::Unavailable {
            detail: "No stream begins here any more, for this process is about to end. Connect again.".to_owned(),
            retry_after: Some(std::time::Duration::from_secs(1)),
        })?;
        let ahead = is_ahead.then(|| head.gone(since));
        let next_look = Instant::now() + FRESH;
        let start = Follow { kanban: self.clone(), follower, board: head.key.clone(), ahead, next_look };
        let events = futures_util::stream::unfold(start, async |mut follow| Some((follow.next().await?, follow)));
        Ok(Watch { events: Box::pin(events) })
    }
}

struct Follow {
    kanban: Kanban,
    follower: Follower,
    board: String,
    ahead: Option<Error>,
    /// When to see again whether the reader may still read.
    next_look: Instant,
}

impl Follow {
    async fn next(&mut self) -> Option<Result<Event>> {
        if let Some(error) = self.ahead.take() {
            return Some(Err(error));
        }
        let next = loop {
            if self.next_look <= Instant::now() {
                match self.kanban.stands().await {
                    Ok(true) => {}
                    Ok(false) => return None,
                    // without the database there is nothing new to read either
                    Err(error) => tracing::debug!(error.message = %error, "a stream goes on unseen"),
                }
                self.next_look = Instant::now() + FRESH;
            }
            if let Ok(next) = timeout_at(self.next_look, self.follower.next()).await {
                break next?;
            }
        };
        Some(next.map_err(|Gone { since, seq }| Error::HistoryGone { board: self.board.clone(), since, seq }))
    }
}

impl Stream for Watch {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.as_mut().poll_next(context)
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}
