//! Keeping callers to a number of calls, across processes.
//!
//! The database has one row for each token and one for each tenant: when its window began, and how many calls of it have
//! been given out. A process takes a slice of them at a time and counts those itself, so a call costs no statement as a rule.
//! Nobody is given more than there is, so all processes together never let in more than the limit. They may let in a
//! little less, where one holds calls that others could use; slices are small for that reason, and smaller towards the end.

mod slice;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use tokio::sync::OwnedMutexGuard;

use self::slice::{Slice, Taken};
use crate::db::{self, Source, rates};
use crate::model::{Allowance, Limited, RateLimits, TenantId};
use crate::{Error, Kanban, Result};

/// The most tokens and tenants that a process counts at once; of others it forgets what it holds.
const MOST: u64 = 10_000;
/// Longer than any window.
const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);

type Whose = (TenantId, uuid::Uuid);

/// All that a process counts.
pub(crate) struct Meter(Cache<Whose, Arc<Subject>>);

impl Default for Meter {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_idle(REMEMBERED).build())
    }
}

/// One whose calls are counted.
struct Subject {
    slice: Mutex<Slice>,
    /// One asks the database for all who wait.
    asking: Arc<tokio::sync::Mutex<()>>,
    /// How often that has failed.
    failures: AtomicU64,
}

impl Subject {
    fn slice(&self) -> MutexGuard<'_, Slice> {
        self.slice.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kanban {
    /// Counts a call against the limits, and answers what is left of each. A transport calls it once for each call, before
    /// anything else is done. The calls of all processes on a database count together.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # use std::{num::NonZeroU32, time::Duration};
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let limits = RateLimits { token: NonZeroU32::new(2), tenant: None, window: Duration::from_secs(60) };
    /// assert_eq!(kanban.count_call(&limits).await?[0].remaining, 1);
    /// kanban.count_call(&limits).await?;
    /// let refused = kanban.count_call(&limits).await.unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::RateLimited);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`RateLimited`](Error::RateLimited); [`Unavailable`](Error::Unavailable) where the database cannot tell;
    /// [`Invalid`](Error::Invalid) for a window that there cannot be.
    pub async fn count_call(&self, limits: &RateLimits) -> Result<Vec<Allowance>> {
        limits.validate()?;
        let mut allowances = Vec::with_capacity(2);
        if let Some(limit) = limits.token {
            allowances.push(self.take(Limited::Token, limit, limits.window).await?);
        }
        if let Some(limit) = limits.tenant {
            match self.take(Limited::Tenant, limit, limits.window).await {
                Ok(allowance) => allowances.push(allowance),
                Err(error) => {
                    // what is not let in does not count
                    for taken in allowances {
                        self.subject(taken.of).slice().give_back(taken.resets_at);
                    }
                    return Err(error);
                }
            }
        }
        Ok(allowances)
    }

    fn whose(&self, of: Limited) -> Whose {
        let id = match (of, self.token_id()) {
            (Limited::Token, Some(token)) => token.uuid(),
            (Limited::Token, None) => uuid::Uuid::max(),
            (Limited::Tenant, _) => uuid::Uuid::nil(),
        };
        (self.tenant().clone(), id)
    }

    fn subject(&self, of: Limited) -> Arc<Subject> {
        self.store.meter().0.get_with(self.whose(of), || {
            let slice = Mutex::new(Slice::empty(Instant::now()));
            Arc::new(Subject { slice, asking: Arc::default(), failures: AtomicU64::new(0) })
        })
    }

    async fn take(&self, of: Limited, limit: NonZeroU32, window: Duration) -> Result<Allowance> {
        let subject = self.subject(of);
        let take = || {
            let allowance = |remaining, resets_in, resets_at| Allowance {
                of,
                limit: limit.get(),
                remaining,
                window,
                resets_in,
                resets_at,
            };
            match subject.slice().take(Instant::now()) {
                Taken::In(remaining, resets_in, at) => Some(Ok(allowance(remaining, resets_in, at))),
                Taken::Refused(resets_in, at) => {
                    Some(Err(Error::RateLimited { allowance: allowance(0, resets_in, at) }))
                }
                Taken::Unknown => None,
            }
        };
        if let Some(outcome) = take() {
            return outcome;
        }
        let failures = subject.failures.load(Ordering::Acquire);
        let mut turn = subject.asking.clone().lock_owned().await;
        loop {
            if let Some(outcome) = take() {
                return outcome;
            }
            // whoever waited for an answer is told that there was none, and does not wait for another
            if subject.failures.load(Ordering::Acquire) != failures {
                return Err(db::unavailable("The database cannot count calls now. Try again shortly."));
            }
            turn = self.ask(subject.clone(), turn, self.whose(of), limit.get(), window).await?;
        }
    }

    /// Asks the database for more. That goes on where the caller goes away, so that nothing it was given is lost.
    async fn ask(
        &self,
        subject: Arc<Subject>,
        turn: OwnedMutexGuard<()>,
        (tenant, id): Whose,
        limit: u32,
        window: Duration,
    ) -> Result<OwnedMutexGuard<()>> {
        let pool = self.store.pool().clone();
        let asking = async move {
            let asked = Instant::now();
            let wanted = subject.slice().wanted(limit, asked);
            let lease = db::run(Source::Pool(&pool, Some(&tenant)), &[], |conn| {
                rates::lease_calls(conn, tenant.as_str(), id, limit, window, wanted)
            });
            match lease.await {
                Ok(lease) => subject.slice().refill(&lease, asked),
                Err(error) => {
                    subject.failures.fetch_add(1, Ordering::AcqRel);
                    return Err(error);
                }
            }
            Ok(turn)
        };
        tokio::spawn(asking).await.map_err(Error::internal)?
    }
}
