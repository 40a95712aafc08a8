//! Metrics of windows in which so much happened that whoever asks would wait: kept for the next, who is told their age.
//!
//! An answer is renewed in the background while it is asked for, at most so often that this takes a fifth of one
//! connection. One that nobody has asked for in a while is computed anew, as if it had never been kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::model::{MetricsWindow, TenantId};

/// Nobody is given anything older.
const MAX_AGE: Duration = Duration::from_secs(60);

/// An answer is renewed when it is so many times as old as it took to compute.
const REST: u32 = 4;

/// The most answers that are kept.
const MOST: usize = 100;

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) tenant: TenantId,
    pub(crate) board: Uuid,
    pub(crate) window: MetricsWindow,
}

/// What is given of it.
#[derive(Debug)]
pub(crate) struct Given<T> {
    pub(crate) metrics: Arc<T>,
    pub(crate) age: Duration,
    /// Whoever is told so is to renew it; nobody else is until that is done.
    pub(crate) is_due: bool,
}

struct Answer<T> {
    metrics: Arc<T>,
    at: Instant,
    took: Duration,
    is_being_renewed: bool,
}

/// The answers of one process.
pub(crate) struct KeptMetrics<T>(Mutex<HashMap<Asked, Answer<T>>>);

impl<T> Default for KeptMetrics<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> KeptMetrics<T> {
    pub(crate) fn look(&self, asked: &Asked, now: Instant) -> Option<Given<T>> {
        let mut answers = self.answers();
        let answer = answers.get_mut(asked)?;
        let age = now.saturating_duration_since(answer.at);
        if age > MAX_AGE {
            answers.remove(asked);
            return None;
        }
        let is_due = !answer.is_being_renewed && age > answer.took * REST;
        answer.is_being_renewed |= is_due;
        Some(Given { metrics: answer.metrics.clone(), age, is_due })
    }

    /// Keeps what was computed from `at` on.
    pub(crate) fn keep(&self, asked: Asked, metrics: T, at: Instant, now: Instant) {
        let mut answers = self.answers();
        if answers.len() >= MOST && !answers.contains_key(&asked) {
            answers.retain(|_, answer| now.saturating_duration_since(answer.at) <= MAX_AGE);
            let oldest = answers.iter().min_by_key(|(_, answer)| answer.at).map(|(asked, _)| asked.clone());
            if let Some(oldest) = oldest.filter(|_| answers.len() >= MOST) {
                answers.remove(&oldest);
            }
        }
        let took = now.saturating_duration_since(at);
        answers.insert(asked, Answer { metrics: Arc::new(metrics), at, took, is_being_renewed: false });
    }

    pub(crate) fn forget(&self, asked: &Asked) {
        self.answers().remove(asked);
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<Asked, Answer<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Asked, KeptMetrics, MAX_AGE, MOST};
    use crate::model::MetricsWindow;

    fn asked(tenant: &str, board: u128) -> Asked {
        Asked {
            tenant: tenant.parse().expect("a tenant"),
            board: uuid::Uuid::from_u128(board),
            window: MetricsWindow::default(),
        }
    }

    #[test]
    fn an_answer_is_given_until_it_is_too_old_and_one_at_a_time_renews_it() {
        let (kept, begun) = (KeptMetrics::default(), Instant::now());
        let after = |millis| begun + Duration::from_millis(millis);
        let (mine, other) = (asked("acme", 1), asked("globex", 1));
        kept.keep(mine.clone(), 1, begun, after(500));
        assert!(kept.look(&other, after(501)).is_none(), "another tenant's");
        let given = kept.look(&mine, after(2_000)).expect("it is kept");
        assert_eq!((given.age, given.is_due), (Duration::from_secs(2), false), "four times half a second");
        assert!(kept.look(&mine, after(2_001)).expect("it is kept").is_due);
        assert!(!kept.look(&mine, after(9_000)).expect("it is kept").is_due, "somebody is at it");
        kept.keep(mine.clone(), 1, after(9_000), after(9_100));
        assert!(kept.look(&mine, after(9_401)).expect("it is kept").is_due, "it was done");
        let last = after(9_000) + MAX_AGE;
        assert!(kept.look(&mine, last).is_some());
        assert!(kept.look(&mine, last + Duration::from_millis(1)).is_none(), "nobody could renew it");
        assert!(kept.look(&mine, last).is_none(), "it is gone");
    }

    #[test]
    fn no_more_are_kept_than_fit_and_the_oldest_goes_first() {
        let (kept, begun) = (KeptMetrics::default(), Instant::now());
        for i in 0..=MOST as u64 {
            let at = begun + Duration::from_millis(i);
            kept.keep(asked("acme", i.into()), 1, at, at);
        }
        let now = begun + Duration::from_secs(1);
        let there = (0..=MOST as u128).filter(|board| kept.look(&asked("acme", *board), now).is_some()).count();
        assert_eq!(there, MOST);
        assert!(kept.look(&asked("acme", 0), now).is_none());
        kept.forget(&asked("acme", 1));
        assert!(kept.look(&asked("acme", 1), now).is_none());
    }
}
