//! Counting writes that were refused because somebody else had been faster.
//!
//! A refused write is rolled back, and a count that it made would be too. So the process that sent it keeps count and writes
//! it down right behind the refusal, in a transaction of its own, without holding up whoever was refused. What comes in
//! while that is under way goes with the next one: a client that collides all the time costs one statement at a time. A
//! process that is killed may take the counts of its last moment with it; nothing but statistics rests on them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::db::collisions::{self, CollisionsRow, Counted};
use crate::db::refusal::Collision;
use crate::db::{self, Pool, Source};
use crate::model::{Actor, TenantId};

/// Counts that are not written down yet, by tenant. Cheap to clone; clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct CollisionCounter(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    written: Notify,
}

#[derive(Default)]
struct State {
    counts: HashMap<TenantId, HashMap<Counted, CollisionsRow>>,
    is_writing: bool,
}

impl CollisionCounter {
    /// Counts one, and sees to it that it is written down.
    pub(crate) fn count(&self, pool: &Pool, tenant: &TenantId, actor: &Actor, collision: Collision) {
        let mut state = self.state();
        let whose = Counted { board: collision.board, kind: actor.kind, actor: actor.id.clone() };
        let count = state.counts.entry(tenant.clone()).or_default().entry(whose).or_default();
        count.versions += i64::from(!collision.is_epoch);
        count.epochs += i64::from(collision.is_epoch);
        if !state.is_writing {
            state.is_writing = true;
            tokio::spawn(Writing(self.clone()).run(pool.clone()));
        }
    }

    /// Waits until what was counted so far is written down, or cannot be.
    pub(crate) async fn settled(&self) {
        let mut written = std::pin::pin!(self.0.written.notified());
        loop {
            written.as_mut().enable();
            if !self.state().is_writing {
                return;
            }
            written.as_mut().await;
            written.set(self.0.written.notified());
        }
    }

    /// The counts of one tenant; `None` when all are written down, and then nobody writes any more.
    fn take(&self) -> Option<(TenantId, Vec<(Counted, CollisionsRow)>)> {
        let mut state = self.state();
        let tenant = state.counts.keys().next().cloned();
        let counts = tenant.and_then(|tenant| state.counts.remove_entry(&tenant));
        state.is_writing = counts.is_some();
        counts.map(|(tenant, counts)| (tenant, counts.into_iter().collect()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever writes the counts down, one at a time.
struct Writing(CollisionCounter);

impl Writing {
    async fn run(self, pool: Pool) {
        while let Some((tenant, counts)) = self.0.take() {
            let counted = db::run(Source::Pool(&pool, Some(&tenant)), &[], |conn| {
                collisions::count(conn, tenant.as_str(), &counts)
            });
            if let Err(error) = counted.await {
                tracing::warn!(error.message = %error, "refused writes could not be counted");
            }
        }
    }
}

impl Drop for Writing {
    /// Also when the runtime went away in the middle.
    fn drop(&mut self) {
        self.0.state().is_writing = false;
        self.0.0.written.notify_waiters();
    }
}
