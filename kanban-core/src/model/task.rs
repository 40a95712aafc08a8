//! What an agent can work on, and why it cannot work on the rest.

use serde::{Deserialize, Deserializer, Serialize};

use super::check::Check;
use super::{BoardId, BoardRef, Card, CardId, ColumnId, ColumnKind, ListPage, Priority, Timestamp, listed};

/// Which of an agent's next tasks to list; all that is given must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct NextTasks {
    /// Only on this board, by id or key; on every board of the tenant when absent.
    #[serde(rename = "board_id")]
    pub board: Option<BoardRef>,
    /// With this label; with all of them where several are given, with commas between.
    #[cfg_attr(feature = "openapi", param(inline, value_type = super::schema::Labels, style = Form, explode = false))]
    #[serde(rename = "label", alias = "labels", deserialize_with = "listed")]
    pub labels: Vec<String>,
    /// What the agent can do, with commas between: only cards that need nothing else. A card says what it needs with labels
    /// `needs:…`, such as `needs:rust`. When absent, the agent can do anything.
    #[cfg_attr(
        feature = "openapi",
        param(inline, value_type = super::schema::Labels, required = false, style = Form, explode = false)
    )]
    #[serde(rename = "capability", alias = "capabilities", deserialize_with = "listed_or_absent")]
    pub capabilities: Option<Vec<String>>,
    /// Of this priority.
    pub priority: Option<Priority>,
    /// Due at this moment or later.
    pub due_after: Option<Timestamp>,
    /// Due before this moment.
    pub due_before: Option<Timestamp>,
    /// Whether to go on, behind the cards that are ready, with those that are not, and say why.
    pub explain: bool,
    /// Which page, and how long.
    #[serde(skip)]
    pub page: ListPage,
}

fn listed_or_absent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    listed(deserializer).map(Some)
}

impl NextTasks {
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
}

/// Which ready cards are wanted, whether to be listed or to be claimed.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct TaskFilter<'a> {
    pub(crate) board: Option<&'a BoardRef>,
    pub(crate) labels: &'a [String],
    pub(crate) capabilities: Option<&'a [String]>,
    pub(crate) priority: Option<Priority>,
    pub(crate) due_after: Option<Timestamp>,
    pub(crate) due_before: Option<Timestamp>,
}

impl TaskFilter<'_> {
    pub(crate) fn check(&self, check: &mut Check) {
        check.texts("/labels", self.labels, 64);
        check.texts("/capabilities", self.capabilities.unwrap_or_default(), 64);
        if let (Some(after), Some(before)) = (self.due_after, self.due_before)
            && after >= before
        {
            check.fails("/due_before", "must be later than due_after, or nothing is due in between");
        }
    }

    pub(crate) fn validate(&self) -> crate::Result<()> {
        let mut check = Check::default();
        self.check(&mut check);
        check.done()
    }
}

/// What an agent can work on now; where it was asked for, also what it cannot work on and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tasks {
    /// The ready cards on this page, in the order in which they should be taken.
    pub items: Vec<Card>,
    /// The cards on this page that are open and not ready, oldest first, behind all that are; null unless asked for.
    pub left_out: Option<Vec<LeftOut>>,
    /// The full columns that work would go to when it is started, at most 50; null unless asked for.
    pub full_columns: Option<Vec<FullColumn>>,
    /// Asks for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// A card that an agent cannot work on, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeftOut {
    /// The card.
    pub card_id: CardId,
    /// Its short key.
    pub key: String,
    /// What it is called.
    pub title: String,
    /// The board it is on.
    pub board_id: BoardId,
    /// The kind of the column it is in.
    pub status: ColumnKind,
    /// Everything that stands in the way.
    pub reasons: Vec<LeftOutReason>,
}

/// One thing that stands in the way of work on a card.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeftOutReason {
    /// What it is.
    pub code: LeftOutCode,
    /// What or who it is about: keys of cards or of a board, ids of agents, capabilities. At most 20.
    pub ids: Vec<String>,
    /// How many there are.
    pub count: i64,
    /// When it ends by itself: a lease that is not extended. Null for the rest.
    pub until: Option<Timestamp>,
}

named! {
    /// Why a card is left out.
    LeftOutCode {
        /// Its board is archived: the board's key.
        Archived = "archived",
        /// It waits for other cards: their keys.
        BlockedBy = "blocked_by",
        /// Another agent has a live lease on it: that agent.
        ClaimedBy = "claimed_by",
        /// It is assigned to others: to whom.
        NotAssigned = "not_assigned",
        /// It needs what the agent cannot do: which capabilities.
        Capability = "capability",
        /// Somebody works on it who has not claimed it: a person.
        InProgress = "in_progress",
    }
}

/// A doing column that has no room: ready cards of its board can be claimed without being started only.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FullColumn {
    /// The column.
    pub column_id: ColumnId,
    /// What it is called.
    pub name: String,
    /// The key of its board.
    pub board_key: String,
    /// How many cards are in it.
    pub cards: i32,
    /// How many may be.
    pub wip_limit: i32,
}
