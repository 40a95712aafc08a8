//! The one error of this crate: what went wrong, as data, with a sentence that is safe to show.

use std::time::Duration;

use serde_json::value::RawValue;

use crate::model::{Allowance, BulkAction, Limited, TokenScope};

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a caller can do about an [`Error`]. Transports match on this and on nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input breaks a rule; the same call can never succeed.
    Invalid,
    /// The thing does not exist, or not for this tenant.
    NotFound,
    /// The version that the write names is not the current one: read again, decide again.
    VersionMismatch,
    /// The board's state does not allow it now.
    Conflict,
    /// Nobody knows who calls: the token is missing, wrong or over.
    Unauthenticated,
    /// The actor may not do this.
    Forbidden,
    /// Too many calls: the same one succeeds later.
    RateLimited,
    /// The database cannot answer now; the same call may succeed later.
    Unavailable,
    /// A defect of this program. The cause is logged and never shown.
    Internal,
}

/// One broken rule of an input, with a JSON pointer (RFC 6901) to the offending member.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvalidField {
    /// JSON pointer to the member, such as `/title`.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// Who holds a card under a live lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The agent.
    pub agent_id: String,
    /// When the lease ends unless it is extended (RFC 3339).
    pub until: String,
}

/// Everything that can go wrong, as data. `Display` is a whole sentence that says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// One or more members of the input break a rule.
    #[error("{}", invalid_sentence(.fields))]
    Invalid {
        /// Every broken rule found, not only the first.
        fields: Vec<InvalidField>,
    },
    /// There is no such thing for this tenant.
    #[error("There is no {what} {id}. Check the id or key, or list what exists.")]
    NotFound {
        /// What was looked for: `card`, `board`, `column`, …
        what: &'static str,
        /// The id or key that was given.
        id: String,
    },
    /// A guarded write named another version than the current one.
    #[error(
        "The {what} {id} is at version {actual}, not {expected}: someone changed it. Read it again and decide again."
    )]
    VersionConflict {
        /// What kind of thing was written.
        what: &'static str,
        /// Its id.
        id: String,
        /// The version the caller named.
        expected: i64,
        /// The version it has.
        actual: i64,
        /// The thing as it is now, as JSON.
        current: Option<Box<RawValue>>,
    },
    /// The target column holds as many cards as its WIP limit allows.
    #[error(
        "The column {column} has no room: its WIP limit is {limit}. Finish or move a card out of it first, or raise the limit."
    )]
    WipLimitReached {
        /// Name of the column.
        column: String,
        /// Its limit, in cards.
        limit: i64,
    },
    /// Another agent works on the card under a live lease.
    #[error("The card {card} is claimed by {agent_id} until {until}. Take another card, or try again after that.")]
    Claimed {
        /// Key of the card.
        card: String,
        /// Who holds it.
        agent_id: String,
        /// When the lease ends unless it is extended (RFC 3339).
        until: String,
    },
    /// The write names a claim of the caller's that is no longer the current one (a fencing token that has been passed).
    #[error("{}", stale_sentence(.card, *.expected, *.actual, .ended.as_deref(), .held.as_deref()))]
    StaleClaim {
        /// Key of the card.
        card: String,
        /// The epoch the caller named.
        expected: i64,
        /// The epoch of the card's last claim.
        actual: i64,
        /// How the named claim ended: `expired`, `released`, `completed`, `deleted` (with the card), or `renewed` by the
        /// same agent; `None` where the caller never had a claim with that epoch.
        ended: Option<String>,
        /// Who holds the card now, if anybody does.
        held: Option<Box<Holder>>,
    },
    /// The card cannot be claimed now.
    #[error("The card {card} cannot be claimed: {reason}. Ask for the next task instead.")]
    NotReady {
        /// Key of the card.
        card: String,
        /// Stable reason: `blocked`, `finished`, `assigned`, `in_progress`, `archived`.
        reason: String,
    },
    /// The agent holds as many live claims as it said it can work on.
    #[error("The agent {agent_id} already holds {held} live claims of {capacity}. Complete or release one first.")]
    CapacityReached {
        /// Whose capacity.
        agent_id: String,
        /// Live claims now.
        held: i64,
        /// The most it asked to hold.
        capacity: i64,
    },
    /// The new dependency would make a card wait for itself.
    #[error("That dependency closes a cycle: {}. Remove one of these dependencies first.", cycle_sentence(.path))]
    DependencyCycle {
        /// Keys of the cards on the cycle; the first is repeated at the end.
        path: Vec<String>,
    },
    /// Something with that unique value exists already.
    #[error("There is already a {what} with this {field}. Choose another, or use the existing one.")]
    Duplicate {
        /// What exists.
        what: &'static str,
        /// The unique field.
        field: &'static str,
    },
    /// An idempotency key stands for another request.
    #[error("The idempotency key {key} was used for another request. Choose a new key for each request.")]
    KeyReused {
        /// The key.
        key: String,
    },
    /// The board's state does not allow it now.
    #[error("{detail}")]
    State {
        /// Stable code, such as `column_not_empty`.
        code: &'static str,
        /// A whole sentence that says what to do next.
        detail: String,
    },
    /// The events behind a number are not there: they are not kept that far back, or the number is of another history.
    #[error(
        "The history of board {board} does not go on behind event {since}: it is not kept that far back, or the number is not this board's. Read the board again, then go on behind event {seq}."
    )]
    HistoryGone {
        /// Key of the board.
        board: String,
        /// The number the caller named.
        since: i64,
        /// Number of the board's last event.
        seq: i64,
    },
    /// This actor may not do that.
    #[error("{detail}")]
    Forbidden {
        /// A whole sentence that says who may.
        detail: String,
    },
    /// An operation of a bulk was refused, so none of them took effect.
    #[error("Operation {index} ({action}) was refused, so nothing was changed. {source}")]
    Operation {
        /// Zero-based place of the operation.
        index: usize,
        /// What it was to do.
        action: BulkAction,
        /// Why it was refused.
        source: Box<Error>,
    },
    /// There is no token, or none that is accepted. It is not said what is wrong with it.
    #[error(
        "This call needs a valid token: Authorization: Bearer kfa_… An administrator creates one with `kanban-server token create`."
    )]
    Unauthenticated,
    /// The token may not do that.
    #[error("This needs a token with the scope {needed}. Ask an administrator for one that has it.")]
    ScopeNeeded {
        /// The scope that would do.
        needed: TokenScope,
    },
    /// A token, or its tenant's tokens together, have called too often.
    #[error("{}", rate_sentence(.allowance))]
    RateLimited {
        /// The limit, and when it lets in calls again.
        allowance: Allowance,
    },
    /// The tenant does not work now.
    #[error("The tenant {tenant} is suspended. Whoever runs the server can resume it.")]
    TenantSuspended {
        /// Which one.
        tenant: String,
    },
    /// The database cannot be reached, is overloaded, or kept refusing because of concurrent work.
    #[error("{detail}")]
    Unavailable {
        /// A whole sentence that says what to do next.
        detail: String,
        /// When trying again makes sense.
        retry_after: Option<Duration>,
    },
    /// The embedded PostgreSQL cannot be found, fetched, started or shared.
    #[error("{detail}")]
    Embedded {
        /// A whole sentence that names the command or setting that mends it.
        detail: String,
    },
    /// A defect of this program, or a database that answers what it never should.
    #[error("Something went wrong inside. The cause is in the log.")]
    Internal {
        /// The cause, for the log only.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn invalid_sentence(fields: &[InvalidField]) -> String {
    let list: Vec<String> = fields.iter().map(|f| format!("{} {}", f.pointer, f.detail)).collect();
    format!("The input is not valid: {}.", list.join("; "))
}

fn rate_sentence(allowance: &Allowance) -> String {
    let who = match allowance.of {
        Limited::Token => "This token has",
        Limited::Tenant => "The tenant's tokens together have",
    };
    let (limit, window, wait) = (allowance.limit, allowance.window.as_secs(), allowance.retry_after());
    format!("{who} made the {limit} calls that there are for {window} s. Try again in {wait} s.")
}

fn stale_sentence(card: &str, expected: i64, actual: i64, ended: Option<&str>, held: Option<&Holder>) -> String {
    let over = match ended {
        Some("expired") => "its lease ended",
        Some("released") => "it was released",
        Some("completed") => "the card was finished",
        Some("deleted") => "the card was deleted",
        Some("renewed") => "the same agent has claimed the card again",
        _ => "",
    };
    let what = match over {
        "" => format!("The epoch {expected} is of no claim that you have on {card} (its last one has {actual})."),
        over => format!("The claim on {card} with epoch {expected} is over: {over}."),
    };
    let next = match held {
        Some(Holder { agent_id, until }) => format!(
            "{agent_id} holds it until {until}, under epoch {actual}: stop working on it unless that claim is yours."
        ),
        None => "Nobody holds it now: read the card, and claim it again if there is still work on it.".to_owned(),
    };
    format!("{what} {next}")
}

/// A long cycle is named by its ends; the whole of it is in the data.
fn cycle_sentence(path: &[String]) -> String {
    const SHOWN: usize = 10;
    if path.len() <= 2 * SHOWN + 1 {
        return path.join(" waits for ");
    }
    let (start, end) = (path[..SHOWN].join(" waits for "), path[path.len() - SHOWN..].join(" waits for "));
    format!("{start} waits for … {} more … waits for {end}", path.len() - 2 * SHOWN)
}

impl Error {
    pub(crate) fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        Self::Invalid { fields: vec![InvalidField { pointer: pointer.to_owned(), detail: detail.into() }] }
    }

    pub(crate) fn not_found(what: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound { what, id: id.into() }
    }

    pub(crate) fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal { source: source.into() }
    }

    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } | Self::KeyReused { .. } => ErrorKind::Invalid,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::VersionConflict { .. } => ErrorKind::VersionMismatch,
            Self::WipLimitReached { .. }
            | Self::Claimed { .. }
            | Self::StaleClaim { .. }
            | Self::NotReady { .. }
            | Self::CapacityReached { .. }
            | Self::DependencyCycle { .. }
            | Self::Duplicate { .. }
            | Self::HistoryGone { .. }
            | Self::State { .. } => ErrorKind::Conflict,
            Self::Operation { source, .. } => source.kind(),
            Self::Unauthenticated => ErrorKind::Unauthenticated,
            Self::Forbidden { .. } | Self::ScopeNeeded { .. } | Self::TenantSuspended { .. } => ErrorKind::Forbidden,
            Self::RateLimited { .. } => ErrorKind::RateLimited,
            Self::Unavailable { .. } | Self::Embedded { .. } => ErrorKind::Unavailable,
            Self::Internal { .. } => ErrorKind::Internal,
        }
    }

    /// A stable name for exactly this error, for programs to match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::NotFound { .. } => "not_found",
            Self::VersionConflict { .. } => "version_conflict",
            Self::WipLimitReached { .. } => "wip_limit_reached",
            Self::Claimed { .. } => "claimed",
            Self::StaleClaim { .. } => "stale_claim",
            Self::NotReady { .. } => "not_ready",
            Self::CapacityReached { .. } => "capacity_reached",
            Self::DependencyCycle { .. } => "dependency_cycle",
            Self::Duplicate { .. } => "duplicate",
            Self::KeyReused { .. } => "idempotency_key_reused",
            Self::HistoryGone { .. } => "history_gone",
            Self::State { code, .. } => code,
            Self::Operation { source, .. } => source.code(),
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden { .. } => "forbidden",
            Self::ScopeNeeded { .. } => "scope_needed",
            Self::RateLimited { .. } => "rate_limited",
            Self::TenantSuspended { .. } => "tenant_suspended",
            Self::Unavailable { .. } => "unavailable",
            Self::Embedded { .. } => "embedded_database",
            Self::Internal { .. } => "internal",
        }
    }

    /// Whether the very same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. }
            | Self::WipLimitReached { .. }
            | Self::Claimed { .. }
            | Self::RateLimited { .. } => true,
            Self::Operation { source, .. } => source.is_retryable(),
            Self::NotReady { reason, .. } => reason == "blocked",
            _ => false,
        }
    }

    /// The error's data for programs, as a JSON object: the members of the variant that a caller can act on.
    pub fn details(&self) -> serde_json::Value {
        use serde_json::json;
        match self {
            Self::Invalid { fields } => json!({ "errors": fields }),
            Self::NotFound { what, id } => json!({ "what": what, "id": id }),
            Self::VersionConflict { what, id, expected, actual, current } => {
                json!({ "what": what, "id": id, "expected": expected, "actual": actual, "current": current })
            }
            Self::WipLimitReached { column, limit } => json!({ "column": column, "limit": limit }),
            Self::Claimed { card, agent_id, until } => json!({ "card": card, "agent_id": agent_id, "until": until }),
            Self::StaleClaim { card, expected, actual, ended, held } => {
                let (agent_id, until) = held.as_ref().map(|held| (&held.agent_id, &held.until)).unzip();
                json!({
                    "card": card, "expected": expected, "actual": actual, "ended": ended, "agent_id": agent_id, "until": until
                })
            }
            Self::NotReady { card, reason } => json!({ "card": card, "reason": reason }),
            Self::CapacityReached { agent_id, held, capacity } => {
                json!({ "agent_id": agent_id, "held": held, "capacity": capacity })
            }
            Self::DependencyCycle { path } => json!({ "path": path }),
            Self::ScopeNeeded { needed } => json!({ "scope": needed }),
            Self::RateLimited { allowance } => json!({
                "limited": allowance.of,
                "limit": allowance.limit,
                "window": allowance.window.as_secs(),
                "retry_after": allowance.retry_after(),
            }),
            Self::TenantSuspended { tenant } => json!({ "tenant": tenant }),
            Self::Duplicate { what, field } => json!({ "what": what, "field": field }),
            Self::KeyReused { key } => json!({ "key": key }),
            Self::HistoryGone { board, since, seq } => json!({ "board": board, "since": since, "seq": seq }),
            Self::Unavailable { retry_after, .. } => json!({ "retry_after": retry_after.map(|d| d.as_secs()) }),
            Self::Operation { index, action, source } => {
                let mut details = source.details();
                details["index"] = json!(index);
                details["action"] = json!(action);
                details
            }
            Self::State { .. }
            | Self::Unauthenticated
            | Self::Forbidden { .. }
            | Self::Embedded { .. }
            | Self::Internal { .. } => json!({}),
        }
    }
}
