//! Ready work and the leases under which agents do it.

use serde::{Deserialize, Serialize};

use super::check::{COMMENT_BYTES, Check};
use super::{BoardRef, Card, Epoch, FullColumn, Priority, TaskFilter, Timestamp, whole};
use crate::Result;

/// The lease that is given when none is asked for.
const DEFAULT_TTL_SECONDS: u32 = 15 * 60;

/// The longest lease, and the longest step by which one is extended.
const MAX_TTL_SECONDS: u32 = 24 * 60 * 60;

/// How long one claim can be kept alive by heartbeats.
pub(crate) const MAX_CLAIM_AGE_SECONDS: i32 = 7 * 24 * 60 * 60;

/// An agent's hold on a card.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Claim {
    /// Who holds it.
    pub agent_id: String,
    /// Fencing token: names this claim in every write under it.
    pub epoch: Epoch,
    /// When the lease ends unless it is extended; from then on anybody may claim the card.
    pub until: Timestamp,
}

/// How to claim a certain card.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimOptions {
    /// How long the lease lasts without a heartbeat: 1 to 86,400 seconds, 900 when absent.
    #[serde(deserialize_with = "whole")]
    pub ttl_seconds: u32,
    /// Whether to move queued work to the board's first doing column.
    pub start: bool,
    /// Take no more than keeps the agent at this many live claims.
    #[serde(deserialize_with = "whole")]
    pub capacity: Option<u32>,
}

impl Default for ClaimOptions {
    fn default() -> Self {
        Self { ttl_seconds: DEFAULT_TTL_SECONDS, start: true, capacity: None }
    }
}

impl ClaimOptions {
    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        check_ttl(&mut check, self.ttl_seconds);
        check_capacity(&mut check, self.capacity);
        check.done()
    }
}

/// How to claim the next ready cards.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ClaimNext {
    /// Only on this board; on any board of the tenant when absent.
    #[serde(rename = "board_id")]
    pub board: Option<BoardRef>,
    /// Only cards with all of these labels.
    #[cfg_attr(feature = "openapi", schema(value_type = super::schema::ShortTexts))]
    pub labels: Vec<String>,
    /// What the agent can do: only cards that need nothing else. A card says what it needs with labels `needs:…`. When
    /// absent, the agent can do anything.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<super::schema::ShortTexts>))]
    pub capabilities: Option<Vec<String>>,
    /// Only cards of this priority.
    pub priority: Option<Priority>,
    /// Only cards that are due at this moment or later.
    pub due_after: Option<Timestamp>,
    /// Only cards that are due before this moment.
    pub due_before: Option<Timestamp>,
    /// The most cards to take: 1 to 50, 1 when absent.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 50))]
    #[serde(deserialize_with = "whole")]
    pub limit: u32,
    /// How long each lease lasts without a heartbeat: 1 to 86,400 seconds, 900 when absent.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 86400))]
    #[serde(deserialize_with = "whole")]
    pub ttl_seconds: u32,
    /// Whether to move queued work to the board's first doing column.
    pub start: bool,
    /// Take no more than keeps the agent at this many live claims.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    #[serde(deserialize_with = "whole")]
    pub capacity: Option<u32>,
}

impl Default for ClaimNext {
    fn default() -> Self {
        Self {
            board: None,
            labels: Vec::new(),
            capabilities: None,
            priority: None,
            due_after: None,
            due_before: None,
            limit: 1,
            ttl_seconds: DEFAULT_TTL_SECONDS,
            start: true,
            capacity: None,
        }
    }
}

impl ClaimNext {
    pub(crate) fn filter(&self) -> TaskFilter<'_> {
        TaskFilter {
            board: self.board.as_ref(),
            labels: &self.labels,
            capabilities: self.capabilities.as_deref(),
            priority: self.priority,
            due_after: self.due_after,
            due_before: self.due_before,
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        self.filter().check(&mut check);
        if !(1..=50).contains(&self.limit) {
            check.fails("/limit", "must be from 1 to 50");
        }
        check_ttl(&mut check, self.ttl_seconds);
        check_capacity(&mut check, self.capacity);
        check.done()
    }
}

/// How to give a claimed card back.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Why, for whoever takes it next: at most 8 KiB.
    #[cfg_attr(feature = "openapi", schema(max_length = 8192))]
    #[serde(default)]
    pub reason: Option<String>,
}

pub(crate) fn check_reason(reason: Option<&str>) -> Result<()> {
    let mut check = Check::default();
    if let Some(reason) = reason {
        check.bytes("/reason", reason, 0, COMMENT_BYTES);
    }
    check.done()
}

pub(crate) fn ttl(seconds: Option<u32>) -> Result<i32> {
    let seconds = seconds.unwrap_or(DEFAULT_TTL_SECONDS);
    let mut check = Check::default();
    check_ttl(&mut check, seconds);
    check.done()?;
    Ok(seconds as i32)
}

fn check_ttl(check: &mut Check, seconds: u32) {
    if !(1..=MAX_TTL_SECONDS).contains(&seconds) {
        check.fails("/ttl_seconds", format!("must be from 1 to {MAX_TTL_SECONDS}"));
    }
}

fn check_capacity(check: &mut Check, capacity: Option<u32>) {
    if capacity.is_some_and(|capacity| !(1..=1000).contains(&capacity)) {
        check.fails("/capacity", "must be from 1 to 1000");
    }
}

/// What a claim of the next cards brought.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Claimed {
    /// The claimed cards, most urgent first.
    pub items: Vec<Card>,
    /// Why nothing was claimed; null when something was.
    pub reason: Option<NothingClaimed>,
}

named! {
    /// Why nothing could be claimed.
    NothingClaimedCode {
        /// There is no ready work for this agent.
        NothingReady = "nothing_ready",
        /// There is ready work, but every doing column it would go to is full.
        WipLimit = "wip_limit",
        /// The agent holds as many claims as the capacity it named.
        Capacity = "capacity",
    }
}

/// Why nothing could be claimed, and when to ask again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NothingClaimed {
    /// The reason.
    pub code: NothingClaimedCode,
    /// The reason in a sentence, with what to do.
    pub detail: String,
    /// Unfinished cards that wait for another card.
    pub blocked: i64,
    /// Cards under a live lease.
    pub claimed: i64,
    /// Where ready cards wait for room, the full columns that they would go to, at most 50.
    pub full_columns: Vec<FullColumn>,
    /// In how many seconds to ask again: when the next lease ends, or in 60 where none does so before, for work comes and
    /// is freed at any time.
    pub retry_after: i64,
}
