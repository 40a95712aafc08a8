//! What stands in the way of work, and what work makes way for.

use serde::{Deserialize, Serialize};

use super::{BoardRef, CardId, ColumnKind, Seconds, Timestamp};
use crate::{Error, Result};

/// How many entries a list of these answers shows when none are asked for.
const DEFAULT_SHOWN: u32 = 10;

/// The most entries that can be asked for.
const MAX_SHOWN: u32 = 200;

pub(crate) fn shown(limit: Option<u32>) -> Result<usize> {
    let limit = limit.unwrap_or(DEFAULT_SHOWN);
    if (1..=MAX_SHOWN).contains(&limit) {
        Ok(limit as usize)
    } else {
        Err(Error::invalid("/limit", format!("must be from 1 to {MAX_SHOWN}")))
    }
}

/// What to do to see the rest of a list that was cut.
pub(crate) fn rest_hint(shown: usize, total: usize) -> Option<String> {
    (total > shown).then(|| format!("{} more. Ask with a limit of up to {MAX_SHOWN} to see them.", total - shown))
}

/// A card in few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardBrief {
    /// Its id.
    pub id: CardId,
    /// Its key.
    pub key: String,
    /// What is to be done, in one line.
    pub title: String,
    /// The kind of its column.
    pub status: ColumnKind,
    /// The agent that works on it under a live claim.
    pub claimed_by: Option<String>,
    /// Who may work on it; anybody when empty.
    pub assignees: Vec<String>,
    /// When work on it began.
    pub started_at: Option<Timestamp>,
}

/// A chain of cards of which each waits for the one before, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Chain {
    /// How many cards it has.
    pub length: usize,
    /// Their keys, the nearest first; at most 10 of them.
    pub cards: Vec<String>,
}

/// What finishing a card makes way for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unblocks {
    /// Key of the card.
    pub card: String,
    /// Cards that wait for this one and for nothing else: they are free as soon as it is finished. Oldest first.
    pub frees: Vec<CardBrief>,
    /// How many these are in all.
    pub frees_total: usize,
    /// How many unfinished cards wait for it in all, directly or through others.
    pub waiting_total: usize,
    /// The longest chain of cards that wait for it.
    pub behind: Chain,
    /// How to see those that the list leaves out; null when it has all.
    pub hint: Option<String>,
}

/// The longest chain of unresolved blockers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CriticalChain {
    /// Key of the card that waits at its end; null when nothing waits.
    pub card: Option<String>,
    /// How many cards have to be finished, one after the other, before that card can be worked on.
    pub length: usize,
    /// These cards in the order in which they can be worked on: the first waits for nothing.
    pub cards: Vec<CardBrief>,
    /// How to see those that the list leaves out; null when it has all.
    pub hint: Option<String>,
}

/// Which blockers to list.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields, default)]
pub struct BlockerFilter {
    /// Only what blocks the agent's cards on this board, by id or key; on every board when absent.
    #[serde(rename = "board_id")]
    #[cfg_attr(feature = "openapi", param(value_type = Option<BoardRef>))]
    pub board: Option<BoardRef>,
    /// The most blockers to list: 1 to 200, 10 when absent.
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 200, default = 10))]
    pub limit: Option<u32>,
}

/// What stands in the way of an agent's work.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Blockers {
    /// The agent.
    pub agent_id: String,
    /// The blockers of its open cards, those that have blocked longest first.
    pub items: Vec<Blocker>,
    /// How many there are in all.
    pub total: usize,
    /// How to see those that the list leaves out; null when it has all.
    pub hint: Option<String>,
}

/// An unresolved blocker of one of an agent's cards.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Blocker {
    /// Key of the agent's card that waits.
    pub blocks: String,
    /// The card that it waits for, with who holds it.
    pub card: CardBrief,
    /// Since when it has blocked: the link was made then, or the blocker was reopened or restored.
    pub since: Timestamp,
    /// How long that is.
    pub blocked_seconds: Seconds,
    /// The longest chain of unresolved cards that the blocker itself waits for.
    pub in_front: Chain,
    /// The longest chain of cards that wait for the blocker.
    pub behind: Chain,
}
