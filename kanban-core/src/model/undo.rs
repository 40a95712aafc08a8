//! Undo: what one actor or one run did on a board in a stretch of time.

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::{Action, ActorRef, CutToFit, EntityId, EntityType, Timestamp, whole};
use crate::Result;

/// The most things that one call undoes.
pub(crate) const MOST: i32 = 200;

/// Whose changes of a board to undo, and of when.
///
/// ```
/// use kanban_core::Undo;
///
/// let undo = Undo { dry_run: true, ..Undo::of_run("run-7", "2027-01-02T09:00:00Z".parse()?) };
/// assert_eq!((undo.actor, undo.run_id.as_deref()), (None, Some("run-7")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// Of what this actor did, by its id. An actor, a run, or both must be named.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    #[serde(default)]
    pub actor: Option<String>,
    /// Of what was done in this run.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    #[serde(default)]
    pub run_id: Option<String>,
    /// What was done at this moment or later.
    pub from: Timestamp,
    /// What was done before this moment; until now when absent.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Goes on with the things whose last change has a lower number: `next_before_seq` of the call before.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    #[serde(default, deserialize_with = "whole")]
    pub before_seq: Option<i64>,
    /// Whether only to show what would come of it, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

impl CutToFit for Undo {}

impl Undo {
    /// What an actor has done since a moment.
    pub fn of_actor(actor: impl Into<String>, from: Timestamp) -> Self {
        Self { actor: Some(actor.into()), run_id: None, from, to: None, before_seq: None, dry_run: false }
    }

    /// What was done in a run since a moment.
    pub fn of_run(run_id: impl Into<String>, from: Timestamp) -> Self {
        Self { actor: None, run_id: Some(run_id.into()), from, to: None, before_seq: None, dry_run: false }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        for (pointer, name) in [("/actor", &self.actor), ("/run_id", &self.run_id)] {
            if let Some(name) = name {
                check.characters(pointer, name, 1, 256);
            }
        }
        if self.actor.is_none() && self.run_id.is_none() {
            check.fails("/actor", "is missing; name an actor, a run_id, or both");
        }
        if self.to.is_some_and(|to| self.from >= to) {
            check.fails("/from", "must be before to");
        }
        if self.before_seq.is_some_and(|seq| seq < 1) {
            check.fails("/before_seq", "must be at least 1");
        }
        check.done()
    }
}

/// What came of an undo, or would come of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Undone {
    /// Whether nothing has changed, because only the outcome was asked for.
    pub dry_run: bool,
    /// Every thing that was changed, the one that was changed last first; at most 200.
    pub items: Vec<UndoneThing>,
    /// Where there are more: call again with this as `before_seq`. Null when these are all.
    pub next_before_seq: Option<i64>,
}

/// What came of undoing the changes of one thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UndoneThing {
    /// What kind of thing it is.
    pub entity_type: EntityType,
    /// Which one.
    pub entity_id: EntityId,
    /// What it is called: a card's key, a column's name, a board's key; for a comment or attachment the key of its card,
    /// for a link both keys and its type.
    pub name: String,
    /// What was done to it, by the names of the events.
    pub actions: Vec<String>,
    /// The number of the last of these events.
    pub seq: i64,
    /// What came of it.
    pub outcome: UndoOutcome,
    /// What was put back, or would have been where something stood against it: names of members, `position` for the place
    /// among the others, `claim` for a claim that ended, `deleted_at` for a thing that came back or went.
    pub members: Vec<String>,
    /// Why it was not undone; null where it was.
    pub reason: Option<UndoReason>,
}

named! {
    /// What came of undoing the changes of a thing.
    UndoOutcome {
        /// It is as it was before.
        Reverted = "reverted",
        /// There was nothing to do: it was as before already.
        Unchanged = "unchanged",
        /// Something stands against it, so nothing of it was undone.
        Conflict = "conflict",
        /// It cannot be undone at all.
        Impossible = "impossible",
    }
}

/// Why something was not undone.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UndoReason {
    /// What it is.
    pub code: UndoReasonCode,
    /// The same as a sentence.
    pub detail: String,
    /// What it is about: members that were changed, keys of cards or of a board, a column's name, the agent.
    pub ids: Vec<String>,
    /// Who changed it since; null for the rest.
    pub actor: Option<ActorRef>,
    /// What that was; null for the rest.
    pub action: Option<Action>,
    /// When that was; null for the rest.
    pub at: Option<Timestamp>,
    /// When the lease ends unless it is extended; null for the rest.
    pub until: Option<Timestamp>,
}

named! {
    /// Why something was not undone.
    UndoReasonCode {
        /// Somebody else has changed the same members since, or the actor itself outside of what is undone: the members.
        ChangedSince = "changed_since",
        /// Another agent works on the card under a live lease: that agent.
        Claimed = "claimed",
        /// The column that the card would go back to has no room: the column.
        WipLimitReached = "wip_limit_reached",
        /// The column that the card would go back to was deleted: the column.
        ColumnGone = "column_gone",
        /// The column has cards, so it can neither go nor get another kind: the column.
        ColumnNotEmpty = "column_not_empty",
        /// The board has as many columns as it can have.
        TooManyColumns = "too_many_columns",
        /// Another board that it is on or would go back to is archived or deleted: the board, if it is archived.
        BoardClosed = "board_closed",
        /// The workspace that the board would go back to was deleted.
        WorkspaceGone = "workspace_gone",
        /// The link would close a cycle: the cards on it.
        DependencyCycle = "dependency_cycle",
        /// Something else has the same unique value by now: the member.
        Duplicate = "duplicate",
        /// It was about a lease, and a lease that has ended or was extended stays so.
        LeaseOver = "lease_over",
        /// It is the board itself that was created.
        BoardCreated = "board_created",
    }
}

impl UndoReason {
    pub(crate) fn new(code: UndoReasonCode, ids: Vec<String>) -> Self {
        Self { code, detail: String::new(), ids, actor: None, action: None, at: None, until: None }
    }

    /// The same with its sentence.
    pub(crate) fn told(self) -> Self {
        let what = self.ids.join(", ");
        let detail = match self.code {
            UndoReasonCode::ChangedSince => match (&self.actor, self.at) {
                (Some(by), Some(at)) => {
                    format!("{} has changed {what} at {at}. Decide by hand what it should be.", by.id)
                }
                _ => format!("Somebody has changed {what} since. Decide by hand what it should be."),
            },
            UndoReasonCode::Claimed => match self.until {
                Some(until) => format!("{what} holds it until {until}. Release that claim, or try again after that."),
                None => format!("{what} holds it. Release that claim first."),
            },
            UndoReasonCode::WipLimitReached => {
                format!(
                    "The column {what} has no room for it. Move cards out of it or raise its limit, then try again."
                )
            }
            UndoReasonCode::ColumnGone => format!("The column {what}, where it was, is deleted. Move it by hand."),
            UndoReasonCode::ColumnNotEmpty => {
                format!("The column {what} holds cards. Move them out of it, then try again.")
            }
            UndoReasonCode::TooManyColumns => "The board has no room for another column. Delete one first.".to_owned(),
            UndoReasonCode::BoardClosed => match what.as_str() {
                "" => "The board where it is or was is deleted. Nothing can be put back there.".to_owned(),
                board => format!("The board {board} is archived. Bring it back first, then try again."),
            },
            UndoReasonCode::WorkspaceGone => {
                "The workspace where it was is deleted. Move the board by hand.".to_owned()
            }
            UndoReasonCode::DependencyCycle => {
                format!("The link would close a cycle: {what}. Remove one of its dependencies first.")
            }
            UndoReasonCode::Duplicate => format!("Something else has the same {what} by now. Change that one first."),
            UndoReasonCode::LeaseOver => {
                "A lease that has ended or was extended stays so. Nothing has to be done.".to_owned()
            }
            UndoReasonCode::BoardCreated => {
                "It created the board. Delete the board if it should not be there.".to_owned()
            }
        };
        Self { detail, ..self }
    }
}
