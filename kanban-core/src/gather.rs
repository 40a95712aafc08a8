//! What many ask for at the same time is done together.
//!
//! Only so many statements of a kind are under way at once: reads of a tenant's cards, claims or completions on a board.
//! Whoever asks meanwhile waits for the end of one, and then all who have waited are answered by one statement. It begins
//! after each of them has asked, so it shows each what was committed before. This is group commit: under load a call costs
//! the database a fraction of a statement, and idle callers notice nothing of it.
//!
//! Whoever has waited longest does it for all, and passes the turn on when done, or when dropped in the middle; those it
//! had done it for then do it for themselves. A future that nobody polls any more keeps its turn: so nobody waits longer
//! for it than [`PATIENCE`].

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// The most that one statement does.
const MOST_AT_ONCE: usize = 100;

/// How long to wait for those ahead.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who is at it and who waits, in one process: for each `K`, those who ask `Q` and are answered `A`.
pub(crate) struct Gatherer<K: Eq + Hash + Clone, Q, A> {
    /// The most statements at once for each.
    most: usize,
    /// Doing twice what was asked does no harm.
    is_repeatable: bool,
    asked: AtomicU64,
    lines: Mutex<HashMap<K, Line<K, Q, A>>>,
}

struct Line<K: Eq + Hash + Clone, Q, A> {
    at_it: usize,
    waiting: VecDeque<Asked<K, Q, A>>,
}

/// Somebody who waits.
pub(crate) struct Asked<K: Eq + Hash + Clone, Q, A> {
    number: u64,
    pub(crate) question: Q,
    answer: oneshot::Sender<Next<K, Q, A>>,
}

impl<K: Eq + Hash + Clone, Q, A> Asked<K, Q, A> {
    /// Answers; whoever is gone needs no answer.
    pub(crate) fn answer(self, answer: A) {
        let _ = self.answer.send(Next::Done(answer));
    }
}

/// What to do about a question.
pub(crate) enum Next<K: Eq + Hash + Clone, Q, A> {
    /// Nothing: somebody has done it.
    Done(A),
    /// Do it, with those of the others.
    Go(Turn<K, Q, A>),
    /// Do it alone: whoever was to do it has not.
    Alone,
}

impl<K: Eq + Hash + Clone, Q, A> Gatherer<K, Q, A> {
    pub(crate) fn new(most: usize, is_repeatable: bool) -> Arc<Self> {
        Arc::new(Self { most, is_repeatable, asked: AtomicU64::new(0), lines: Mutex::default() })
    }

    /// Waits until it is done or to be done.
    pub(crate) async fn ask(self: &Arc<Self>, key: K, question: Q) -> Next<K, Q, A> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let mut answered = {
            let mut lines = self.lines();
            let line = lines.entry(key.clone()).or_insert_with(|| Line { at_it: 0, waiting: VecDeque::new() });
            if line.at_it < self.most {
                line.at_it += 1;
                return Next::Go(Turn(Some(Place { gatherer: self.clone(), key })));
            }
            let (answer, answered) = oneshot::channel();
            line.waiting.push_back(Asked { number, question, answer });
            answered
        };
        let next = match tokio::time::timeout(PATIENCE, &mut answered).await {
            Ok(next) => next,
            Err(_) if self.leave(&key, number) || self.is_repeatable => return Next::Alone,
            // it is being done
            Err(_) => answered.await,
        };
        next.unwrap_or(Next::Alone)
    }

    /// Waits no more, if nobody has begun to do it.
    fn leave(&self, key: &K, number: u64) -> bool {
        let mut lines = self.lines();
        let Some(line) = lines.get_mut(key) else { return false };
        let many = line.waiting.len();
        line.waiting.retain(|asked| asked.number != number);
        line.waiting.len() < many
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<K, Line<K, Q, A>>> {
        // nothing panics while it is locked
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the statements under way. Passed on when it is dropped.
pub(crate) struct Turn<K: Eq + Hash + Clone, Q, A>(Option<Place<K, Q, A>>);

struct Place<K: Eq + Hash + Clone, Q, A> {
    gatherer: Arc<Gatherer<K, Q, A>>,
    key: K,
}

impl<K: Eq + Hash + Clone, Q, A> Turn<K, Q, A> {
    /// Those who wait now and whose questions fit, for them to be answered. Who is dropped without an answer does it alone.
    pub(crate) fn others(&self, mut fits: impl FnMut(&Q) -> bool) -> Vec<Asked<K, Q, A>> {
        let Some(Place { gatherer, key }) = &self.0 else { return Vec::new() };
        let mut lines = gatherer.lines();
        let Some(line) = lines.get_mut(key) else { return Vec::new() };
        let (mut others, mut rest) = (Vec::new(), VecDeque::new());
        for asked in line.waiting.drain(..) {
            if asked.answer.is_closed() {
                // it has left
            } else if others.len() + 1 < MOST_AT_ONCE && fits(&asked.question) {
                others.push(asked);
            } else {
                rest.push_back(asked);
            }
        }
        line.waiting = rest;
        others
    }

    /// How many wait now.
    pub(crate) fn waiting(&self) -> usize {
        let Some(Place { gatherer, key }) = &self.0 else { return 0 };
        gatherer.lines().get(key).map_or(0, |line| line.waiting.len())
    }
}

impl<K: Eq + Hash + Clone, Q, A> Drop for Turn<K, Q, A> {
    /// Gives the turn to whoever has waited longest and is still there.
    fn drop(&mut self) {
        while let Some(Place { gatherer, key }) = self.0.take() {
            let first = {
                let mut lines = gatherer.lines();
                let Some(line) = lines.get_mut(&key) else { return };
                let Some(first) = line.waiting.pop_front() else {
                    line.at_it -= 1;
                    if line.at_it == 0 {
                        lines.remove(&key);
                    }
                    return;
                };
                first
            };
            if let Err(Next::Go(mut back)) = first.answer.send(Next::Go(Turn(Some(Place { gatherer, key })))) {
                self.0 = back.0.take();
            }
        }
    }
}
