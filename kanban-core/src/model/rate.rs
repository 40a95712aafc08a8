//! How often somebody may call, and what is left of it.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::{Error, Result, Timestamp};

named! {
    /// Whose calls a limit counts.
    Limited {
        /// Those of one token, or of all who call without one.
        Token = "token",
        /// Those of a tenant's tokens together.
        Tenant = "tenant",
    }
}

/// How many calls are let in within a window of time.
///
/// A window begins with the first call behind the end of the last one. Whoever makes all calls at the end of one and at the
/// beginning of the next has made twice as many within a short time; that is the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// The most calls of one token; any number when absent.
    pub token: Option<NonZeroU32>,
    /// The most calls of a tenant's tokens together; any number when absent.
    pub tenant: Option<NonZeroU32>,
    /// How long a window lasts: whole seconds, from one to an hour.
    pub window: Duration,
}

impl RateLimits {
    pub(crate) fn validate(&self) -> Result<()> {
        if self.window.subsec_nanos() == 0 && (1..=3600).contains(&self.window.as_secs()) {
            return Ok(());
        }
        Err(Error::invalid("/window", "must be whole seconds from 1 to 3600"))
    }
}

/// What is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Whose calls it counts.
    pub of: Limited,
    /// The most calls within a window.
    pub limit: u32,
    /// How many of them are left. Where several processes count, the others may have let in some since they were last asked.
    pub remaining: u32,
    /// How long a window lasts.
    pub window: Duration,
    /// How long this one still lasts.
    pub resets_in: Duration,
    /// When it ends, by the database's clock.
    pub resets_at: Timestamp,
}

impl Allowance {
    /// How long the window still lasts in whole seconds, at least one: when trying again makes sense.
    pub fn retry_after(&self) -> u64 {
        self.resets_in.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
    }
}
