//! What happens on boards, as it happens: one reader of the database for all streams of a process.
//!
//! The reader looks every few milliseconds for what is new on the boards that somebody follows, in one statement for each
//! tenant, and at once where this process itself has written. It keeps each board's latest events in memory; a follower
//! takes from there what it has not seen, at its own pace. One that was away for longer, or is slow, asks the reader for
//! the events in between. So no follower costs more memory than its place, none misses anything, and none holds the others
//! up. The sequence in the database is the truth: everything stays right if every hint is lost.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::Result;
use crate::db::{self, Pool, Source, events};
use crate::model::{BoardId, Event, TenantId};

/// How often to look for what other processes have written.
const POLL: Duration = Duration::from_millis(20);

/// The least time between two looks, however much is written.
const PAUSE: Duration = Duration::from_millis(5);

/// Events of one board that one look takes.
const BATCH: i64 = 500;

/// What is kept in memory of one board: so many events, and so many bytes of them.
const RECENT_EVENTS: usize = 1024;
const RECENT_BYTES: usize = 4 * 1024 * 1024;

/// All boards that are followed.
pub(crate) struct Feeds {
    pool: Pool,
    state: Mutex<State>,
    is_reading: AtomicBool,
    wake: Notify,
}

#[derive(Default)]
struct State {
    feeds: HashMap<(TenantId, BoardId), Arc<Feed>>,
    asks: VecDeque<Ask>,
    is_over: bool,
}

/// One board.
struct Feed {
    tenant: TenantId,
    board: BoardId,
    recent: Mutex<Recent>,
    news: watch::Sender<()>,
}

/// The latest events of a board, without a gap, the last one of which is number `seq`.
struct Recent {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    seq: i64,
    followers: usize,
    is_over: bool,
}

/// A follower that needs events which are not in memory.
struct Ask {
    feed: Arc<Feed>,
    since: i64,
    answer: oneshot::Sender<Arc<[Arc<Event>]>>,
}

/// What a follower finds behind the last event it has seen.
enum Found {
    Event(Arc<Event>),
    Nothing,
    NotInMemory,
    Over,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Feeds {
    /// Reads through a pool of its own, for others may keep the main one busy.
    pub(crate) fn new(pool: Pool) -> Arc<Self> {
        let (state, is_reading, wake) = (Mutex::default(), AtomicBool::new(false), Notify::new());
        Arc::new(Self { pool, state, is_reading, wake })
    }

    /// This process has written something somewhere.
    pub(crate) fn hint(&self) {
        if self.is_reading.load(Ordering::Acquire) {
            self.wake.notify_one();
        }
    }

    /// Follows a board behind event `since`, given that it has come to `seq`. `None` once all streams have ended.
    pub(crate) fn follow(
        self: &Arc<Self>,
        tenant: &TenantId,
        board: BoardId,
        since: i64,
        seq: i64,
    ) -> Option<Follower> {
        let mut state = lock(&self.state);
        if state.is_over {
            return None;
        }
        let feed = state.feeds.entry((tenant.clone(), board)).or_insert_with(|| {
            let recent = Recent { events: VecDeque::new(), bytes: 0, seq, followers: 0, is_over: false };
            Arc::new(Feed { tenant: tenant.clone(), board, recent: Mutex::new(recent), news: watch::Sender::new(()) })
        });
        lock(&feed.recent).followers += 1;
        let feed = feed.clone();
        if !self.is_reading.swap(true, Ordering::AcqRel) {
            tokio::spawn(read(Reading { feeds: self.clone(), is_done: false }));
        }
        drop(state);
        Some(Follower { feeds: self.clone(), news: feed.news.subscribe(), feed, since, behind: VecDeque::new() })
    }

    /// Ends every stream, and lets none begin.
    pub(crate) fn end(&self) {
        let mut state = lock(&self.state);
        state.is_over = true;
        state.end();
        drop(state);
        self.hint();
    }

    /// The same, and closes the connection.
    pub(crate) async fn close(&self) {
        self.end();
        self.pool.close().await;
    }

    async fn ask(&self, feed: &Arc<Feed>, since: i64) -> Option<Arc<[Arc<Event>]>> {
        let (answer, answered) = oneshot::channel();
        lock(&self.state).asks.push_back(Ask { feed: feed.clone(), since, answer });
        self.hint();
        answered.await.ok()
    }

    /// The boards to look at, by tenant; `None` when nobody follows any more.
    fn followed(&self) -> Option<HashMap<TenantId, Vec<Arc<Feed>>>> {
        let state = lock(&self.state);
        if state.feeds.is_empty() {
            self.is_reading.store(false, Ordering::Release);
            return None;
        }
        let mut tenants: HashMap<TenantId, Vec<Arc<Feed>>> = HashMap::new();
        for ((tenant, _), feed) in &state.feeds {
            tenants.entry(tenant.clone()).or_default().push(feed.clone());
        }
        Some(tenants)
    }

    /// Looks for what is new on a tenant's boards. Whether there may be more.
    async fn look(&self, tenant: &TenantId, feeds: &[Arc<Feed>]) -> Result<bool> {
        let boards: Vec<uuid::Uuid> = feeds.iter().map(|feed| feed.board.uuid()).collect();
        let seqs: Vec<i64> = feeds.iter().map(|feed| lock(&feed.recent).seq).collect();
        let events = self.read(tenant, &boards, &seqs).await?;
        let mut by_board: HashMap<Option<BoardId>, Vec<Event>> = HashMap::new();
        for event in events {
            by_board.entry(event.board_id).or_default().push(event);
        }
        let is_more = by_board.values().any(|events| events.len() as i64 == BATCH);
        for feed in feeds {
            if let Some(events) = by_board.remove(&Some(feed.board)) {
                feed.add(events);
            }
        }
        Ok(is_more)
    }

    async fn read(&self, tenant: &TenantId, boards: &[uuid::Uuid], seqs: &[i64]) -> Result<Vec<Event>> {
        let source = Source::Pool(&self.pool, Some(tenant));
        db::read(source, |conn| events::read_feeds(conn, tenant.as_str(), boards, seqs, BATCH)).await
    }

    /// Reads what the one that has waited longest asks for, and whoever asks for the same. Whether others wait.
    async fn answer_one(&self) -> Result<bool> {
        let first = {
            let mut state = lock(&self.state);
            state.asks.retain(|ask| !ask.answer.is_closed());
            state.asks.front().map(|ask| (ask.feed.clone(), ask.since))
        };
        let Some((feed, since)) = first else { return Ok(false) };
        let events = self.read(&feed.tenant, &[feed.board.uuid()], &[since]).await?;
        let events: Arc<[Arc<Event>]> = events.into_iter().map(Arc::new).collect();
        let mut state = lock(&self.state);
        let asks = std::mem::take(&mut state.asks);
        for ask in asks {
            if Arc::ptr_eq(&ask.feed, &feed) && ask.since == since {
                // it may have gone meanwhile
                let _ = ask.answer.send(events.clone());
            } else {
                state.asks.push_back(ask);
            }
        }
        Ok(!state.asks.is_empty())
    }
}

impl State {
    fn end(&mut self) {
        self.asks.clear();
        for (_, feed) in self.feeds.drain() {
            lock(&feed.recent).is_over = true;
            feed.news.send_replace(());
        }
    }
}

/// The reader is at work. If it is cut off, as by the end of its runtime, no stream is left waiting for it.
struct Reading {
    feeds: Arc<Feeds>,
    is_done: bool,
}

impl Drop for Reading {
    fn drop(&mut self) {
        if !self.is_done {
            let mut state = lock(&self.feeds.state);
            state.end();
            self.feeds.is_reading.store(false, Ordering::Release);
        }
    }
}

async fn read(mut reading: Reading) {
    let feeds = reading.feeds.clone();
    let mut is_hasty = false;
    let mut next = Instant::now();
    loop {
        if !is_hasty {
            // whoever is first: a hint, or the time
            let _ = timeout(POLL, feeds.wake.notified()).await;
        }
        sleep_until(next).await;
        let began = Instant::now();
        let Some(followed) = feeds.followed() else { break };
        match round(&feeds, &followed).await {
            Ok(is_more) => is_hasty = is_more,
            Err(error) => {
                tracing::warn!(error.message = %error, "event streams wait for the database");
                is_hasty = false;
            }
        }
        // the longer a look takes, the more seldom: half of the time at most
        next = began + PAUSE.max(2 * began.elapsed());
    }
    reading.is_done = true;
}

async fn round(feeds: &Feeds, followed: &HashMap<TenantId, Vec<Arc<Feed>>>) -> Result<bool> {
    let mut is_more = false;
    for (tenant, boards) in followed {
        is_more |= feeds.look(tenant, boards).await?;
    }
    Ok(feeds.answer_one().await? || is_more)
}

impl Feed {
    fn add(&self, events: Vec<Event>) {
        let mut recent = lock(&self.recent);
        for event in events {
            if event.seq != recent.seq + 1 {
                // they are gone: whoever has not seen them asks, and learns it
                recent.events.clear();
                recent.bytes = 0;
            }
            recent.seq = event.seq;
            recent.bytes += event.payload.get().len();
            recent.events.push_back(Arc::new(event));
            while recent.events.len() > RECENT_EVENTS || recent.bytes > RECENT_BYTES {
                let Some(oldest) = recent.events.pop_front() else { break };
                recent.bytes -= oldest.payload.get().len();
            }
        }
        drop(recent);
        self.news.send_replace(());
    }

    fn behind(&self, seq: i64) -> Found {
        let recent = lock(&self.recent);
        if recent.is_over {
            return Found::Over;
        }
        if seq >= recent.seq {
            return Found::Nothing;
        }
        let Some(first) = recent.events.front().map(|event| event.seq) else { return Found::NotInMemory };
        match usize::try_from(seq + 1 - first) {
            Ok(place) => recent.events.get(place).map_or(Found::Nothing, |event| Found::Event(event.clone())),
            Err(_) => Found::NotInMemory,
        }
    }
}

/// One that follows a board from event to event.
pub(crate) struct Follower {
    feeds: Arc<Feeds>,
    feed: Arc<Feed>,
    news: watch::Receiver<()>,
    since: i64,
    behind: VecDeque<Arc<Event>>,
}

/// The events behind a number are not there; the follower goes on behind the other one.
pub(crate) struct Gone {
    pub(crate) since: i64,
    pub(crate) seq: i64,
}

impl Follower {
    /// The next event, once there is one; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Result<Event, Gone>> {
        loop {
            self.news.borrow_and_update();
            let found = self.behind.pop_front().map_or_else(|| self.feed.behind(self.since), Found::Event);
            match found {
                Found::Event(event) => {
                    self.since = event.seq;
                    return Some(Ok(Event::clone(&event)));
                }
                Found::Nothing => self.news.changed().await.ok()?,
                Found::Over => return None,
                Found::NotInMemory => {
                    let events = self.feeds.ask(&self.feed, self.since).await?;
                    if events.first().is_none_or(|event| event.seq != self.since + 1) {
                        let gone = Gone { since: self.since, seq: lock(&self.feed.recent).seq };
                        self.since = gone.seq;
                        return Some(Err(gone));
                    }
                    self.behind = events.iter().cloned().collect();
                }
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut state = lock(&self.feeds.state);
        let mut recent = lock(&self.feed.recent);
        recent.followers -= 1;
        if recent.followers == 0 && !recent.is_over {
            state.feeds.remove(&(self.feed.tenant.clone(), self.feed.board));
        }
    }
}
