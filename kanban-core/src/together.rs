//! Claims and completions that many agents ask for at once on one board are written by one statement.
//!
//! Writes to one board come one after the other whoever sends them, as its events do. So the agents of one process wait for
//! each other here, and those that have waited are written together, which costs little more than one of them. Each is
//! answered for itself: where the statement is refused, nothing of it has happened and each does its own alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::db::claims::{self, Claimant, Completion};
use crate::db::{self, Conn, refusal};
use crate::gather::{Gatherer, Next, Turn};
use crate::model::{BoardRef, Card, CardRef, ClaimNext, TenantId, TokenScope};
use crate::{Error, Kanban, Result};

/// How long the turn is kept for those who were answered together to come again: a small part of what a write takes.
const GRACE: Duration = Duration::from_micros(100);

/// The most names of cards, two for each, whose board is remembered.
const MOST_REMEMBERED: usize = 10_000;

/// Where work is taken from, or from any board.
type Line = (TenantId, Option<BoardRef>);
type Written = std::result::Result<Box<Card>, Lost>;

/// The connection broke: nobody knows whether it was written.
pub(crate) struct Lost;

/// A write of which several can be one statement.
#[derive(Clone)]
pub(crate) enum Write {
    Claim(Claimant, ClaimNext),
    Complete(Completion),
}

impl Write {
    /// One statement can do both: they are of a kind, and neither takes what the other does.
    fn goes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Claim(one, options), Self::Claim(two, others)) => one.agent != two.agent && options == others,
            (Self::Complete(one), Self::Complete(two)) => one.card != two.card,
            _ => false,
        }
    }

    /// The card is what came of it.
    fn is_answered_by(&self, card: &Card) -> bool {
        match self {
            Self::Claim(claimant, _) => card.claim.as_ref().is_some_and(|claim| claim.agent_id == claimant.agent),
            Self::Complete(completion) => completion.card.is(card),
        }
    }
}

/// Who writes and who waits, in one process.
pub(crate) struct Together {
    lines: Arc<Gatherer<Line, Write, Written>>,
    /// From where the cards were claimed that were claimed here. A card that has gone elsewhere since is refused together
    /// with others, and completed alone.
    boards: Mutex<HashMap<(TenantId, CardRef), BoardRef>>,
}

impl Default for Together {
    fn default() -> Self {
        Self { lines: Gatherer::new(1, false), boards: Mutex::default() }
    }
}

impl Together {
    pub(crate) fn remember(&self, tenant: &TenantId, card: &Card, board: Option<&BoardRef>) {
        let board = board.cloned().unwrap_or_else(|| card.board_id.into());
        let mut boards = self.boards();
        if boards.len() >= MOST_REMEMBERED {
            boards.clear();
        }
        for name in names(card) {
            boards.insert((tenant.clone(), name), board.clone());
        }
    }

    pub(crate) fn forget(&self, tenant: &TenantId, card: &Card) {
        let mut boards = self.boards();
        for name in names(card) {
            boards.remove(&(tenant.clone(), name));
        }
    }

    pub(crate) fn board_of(&self, tenant: &TenantId, card: &CardRef) -> Option<BoardRef> {
        self.boards().get(&(tenant.clone(), card.clone())).cloned()
    }

    fn boards(&self) -> MutexGuard<'_, HashMap<(TenantId, CardRef), BoardRef>> {
        // nothing panics while it is locked
        self.boards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn names(card: &Card) -> [CardRef; 2] {
    [card.id.into(), CardRef::Key(card.key.clone())]
}

/// What came of waiting for the others.
pub(crate) enum Shared {
    Done(Box<Card>),
    /// It is to be written alone, while others wait for the turn where there is one.
    Alone(Option<Turn<Line, Write, Written>>),
}

impl Kanban {
    /// Writes with those of others, if there are any.
    pub(crate) async fn share(&self, board: Option<BoardRef>, own: Write) -> Result<Shared> {
        self.require(TokenScope::Write)?;
        let turn = match self.store.together().lines.ask((self.tenant().clone(), board), own.clone()).await {
            Next::Done(written) => return written.map(Shared::Done).map_err(lost),
            Next::Alone => return Ok(Shared::Alone(None)),
            Next::Go(turn) => turn,
        };
        // lets those go ahead who are about to ask
        tokio::task::yield_now().await;
        let mut set = vec![own];
        let others = turn.others(|write| {
            let fits = set.iter().all(|one| one.goes_with(write));
            if fits {
                set.push(write.clone());
            }
            fits
        });
        if others.is_empty() {
            return Ok(Shared::Alone(Some(turn)));
        }
        let (answer, answered) = oneshot::channel();
        let (store, tenant) = (self.store.clone(), self.tenant().clone());
        // a task of its own: that one of them is dropped is nothing to the others
        tokio::spawn(async move {
            let written = db::once(store.pool(), Some(&tenant), &|conn| write(conn, tenant.as_str(), &set)).await;
            store.feeds().hint();
            let mut cards = match written {
                Ok(cards) => cards,
                Err(error) if did_nothing(&error) => return,
                Err(_) => {
                    others.into_iter().for_each(|other| other.answer(Err(Lost)));
                    let _ = answer.send(Err(Lost));
                    return;
                }
            };
            if let Some(card) = take(&set[0], &mut cards) {
                let _ = answer.send(Ok(card));
            }
            for other in others {
                if let Some(card) = take(&other.question, &mut cards) {
                    other.answer(Ok(card));
                }
            }
            // what they do next goes together again, if it comes at once
            let until = Instant::now() + GRACE;
            while turn.waiting() < set.len() && Instant::now() < until {
                tokio::task::yield_now().await;
            }
        });
        match answered.await {
            Ok(written) => written.map(Shared::Done).map_err(lost),
            Err(_) => Ok(Shared::Alone(None)),
        }
    }
}

/// What came of a write, out of all that was written.
fn take(write: &Write, cards: &mut Vec<Card>) -> Option<Box<Card>> {
    let place = cards.iter().position(|card| write.is_answered_by(card))?;
    Some(Box::new(cards.swap_remove(place)))
}

/// Writes a set, all of it or nothing.
async fn write(conn: Conn, tenant: &str, set: &[Write]) -> sqlx::Result<Vec<Card>> {
    let (mut claimants, mut completions, mut options) = (Vec::new(), Vec::new(), None);
    for write in set {
        match write {
            Write::Claim(claimant, own) => {
                claimants.push(claimant.clone());
                options = Some(own);
            }
            Write::Complete(completion) => completions.push(completion.clone()),
        }
    }
    match options {
        Some(options) => claims::claim_next(conn, tenant, &claimants, options).await,
        None => claims::complete(conn, tenant, &completions).await,
    }
}

/// It is known that nothing was written.
fn did_nothing(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Configuration, Database, PoolClosed, PoolTimedOut};
    matches!(error, Database(_) | PoolTimedOut | PoolClosed | Configuration(_))
}

fn lost(_: Lost) -> Error {
    refusal::explain(sqlx::Error::WorkerCrashed, &[])
}
