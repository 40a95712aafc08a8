//! Lists of cards: which, in what order, and what of each.

use serde::{Deserialize, Deserializer, Serialize};

use super::check::Check;
use super::{
    ActorRef, BoardId, Card, CardId, Claim, ColumnId, ColumnKind, JsonObject, Link, ListPage, Priority, Timestamp,
    Version, listed,
};
use crate::Result;

/// Which cards of a board to list; all that is given must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct CardFilter {
    /// In this column.
    #[serde(default)]
    pub column_id: Option<ColumnId>,
    /// With this label; with all of them where several are given, with commas between.
    #[cfg_attr(feature = "openapi", param(inline, value_type = super::schema::Labels, style = Form, explode = false))]
    #[serde(default, rename = "label", alias = "labels", deserialize_with = "listed")]
    pub labels: Vec<String>,
    /// Assigned to this agent or person.
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 256))]
    #[serde(default)]
    pub assignee: Option<String>,
    /// Of this priority.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// In a column of this kind.
    #[serde(default)]
    pub status: Option<ColumnKind>,
    /// Due before this moment.
    #[serde(default)]
    pub due_before: Option<Timestamp>,
    /// Due at this moment or later.
    #[serde(default)]
    pub due_after: Option<Timestamp>,
    /// Created before this moment.
    #[serde(default)]
    pub created_before: Option<Timestamp>,
    /// Created at this moment or later.
    #[serde(default)]
    pub created_after: Option<Timestamp>,
    /// Changed last before this moment.
    #[serde(default)]
    pub updated_before: Option<Timestamp>,
    /// Changed last at this moment or later.
    #[serde(default)]
    pub updated_after: Option<Timestamp>,
    /// Whether it can be started now: queued, not blocked, not under a live lease.
    #[serde(default)]
    pub ready: Option<bool>,
    /// With this id in another system.
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 256))]
    #[serde(default)]
    pub external_id: Option<String>,
}

impl CardFilter {
    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        check.texts("/label", &self.labels, 64);
        for (pointer, text) in [("/assignee", &self.assignee), ("/external_id", &self.external_id)] {
            if let Some(text) = text {
                check.characters(pointer, text, 1, 256);
            }
        }
        check.done()
    }
}

named! {
    /// In what order cards are listed. Cards that are alike in it follow each other in the order of their ids, so that
    /// every order is total. With `-` in front it is the exact reverse.
    CardSort {
        /// As they stand on the board: column by column, top to bottom.
        Position = "position",
        /// The board from its end.
        PositionReversed = "-position",
        /// Oldest first.
        CreatedAt = "created_at",
        /// Newest first.
        CreatedAtReversed = "-created_at",
        /// Unchanged for longest first.
        UpdatedAt = "updated_at",
        /// Changed last first.
        UpdatedAtReversed = "-updated_at",
        /// Most urgent first.
        Priority = "priority",
        /// Least urgent first.
        PriorityReversed = "-priority",
        /// Due soonest first; those without a due date last.
        DueAt = "due_at",
        /// Those without a due date first, then due latest.
        DueAtReversed = "-due_at",
    }
}

#[allow(clippy::derivable_impls, reason = "the macro that makes the enum has no place to mark it")]
impl Default for CardSort {
    fn default() -> Self {
        Self::Position
    }
}

impl CardSort {
    pub(crate) fn is_reversed(self) -> bool {
        self.as_str().starts_with('-')
    }
}

/// Which cards of a board to list, in what order, and which page of them.
///
/// Pages follow each other by a cursor, not by number, so cards that nobody touches come exactly once, however much others
/// create, move and change meanwhile. A card that is itself moved in the order may come again, or not at all.
#[derive(Debug, Clone, Default)]
pub struct ListCards {
    /// Which cards.
    pub filter: CardFilter,
    /// In what order.
    pub sort: CardSort,
    /// Which page, and how long.
    pub page: ListPage,
}

/// Declares the members of a card that can be picked: the name of each, and a card that has some of them.
macro_rules! card_fields {
    ($($(#[doc = $doc:literal])* $variant:ident = $text:literal, $name:ident: $type:ty;)*) => {
        named! {
            /// A member of a card, to be picked where not all are needed.
            CardField {
                /// Its id; always there.
                Id = "id",
                /// Its short key; always there.
                Key = "key",
                /// Its version; always there.
                Version = "version",
                $($(#[doc = $doc])* $variant = $text,)*
            }
        }

        /// A card of which some members were picked; the others are absent. A member that is null is `Some(None)`.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        pub struct PartialCard {
            /// Its id.
            pub id: CardId,
            /// Its short key, such as `AB-42`, kept for life.
            pub key: String,
            /// Its version: what a guarded write names.
            pub version: Version,
            $(
                $(#[doc = $doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $name: Option<$type>,
            )*
        }

        impl PartialCard {
            /// The members of a card that are picked.
            pub(crate) fn of(card: Card, fields: CardFields) -> Self {
                Self {
                    id: card.id,
                    key: card.key,
                    version: card.version,
                    $($name: fields.contains(CardField::$variant).then_some(card.$name),)*
                }
            }
        }
    };
}

card_fields! {
    /// Its id in another system, unique on its board.
    ExternalId = "external_id", external_id: Option<String>;
    /// The board it is on.
    BoardId = "board_id", board_id: BoardId;
    /// The column it is in.
    ColumnId = "column_id", column_id: ColumnId;
    /// The kind of that column.
    Status = "status", status: ColumnKind;
    /// What is to be done, in one line.
    Title = "title", title: String;
    /// What is to be done, at length.
    Description = "description", description: String;
    /// Labels, in the order they were given.
    Labels = "labels", labels: Vec<String>;
    /// Who may work on it: ids of agents and people; anybody when empty.
    Assignees = "assignees", assignees: Vec<String>;
    /// How urgent it is.
    Priority = "priority", priority: Priority;
    /// When it should be finished.
    DueAt = "due_at", due_at: Option<Timestamp>;
    /// Fields of the users' own.
    Fields = "fields", fields: JsonObject;
    /// Links to elsewhere.
    Links = "links", links: Vec<Link>;
    /// What agents need to know to work on it.
    AgentContext = "agent_context", agent_context: JsonObject;
    /// State of the agent framework's workflow.
    WorkflowState = "workflow_state", workflow_state: JsonObject;
    /// When work on it began: its first entry into a doing or done column.
    StartedAt = "started_at", started_at: Option<Timestamp>;
    /// When it was finished; null again if it left the done columns.
    FinishedAt = "finished_at", finished_at: Option<Timestamp>;
    /// When it entered its present column.
    ColumnSince = "column_since", column_since: Timestamp;
    /// Which agent works on it, if one has claimed it.
    Claim = "claim", claim: Option<Claim>;
    /// Who created it.
    CreatedBy = "created_by", created_by: ActorRef;
    /// When it was created.
    CreatedAt = "created_at", created_at: Timestamp;
    /// When it was changed last; extending a lease is not a change.
    UpdatedAt = "updated_at", updated_at: Timestamp;
    /// When it was deleted, if it was.
    DeletedAt = "deleted_at", deleted_at: Option<Timestamp>;
}

/// Members of a card that are picked. Its id, key and version are always among them.
///
/// ```
/// use kanban_core::{CardField, CardFields};
///
/// let fields = CardFields::from_iter([CardField::Title, CardField::Labels]);
/// assert!(fields.contains(CardField::Title) && fields.contains(CardField::Key));
/// assert!(!fields.contains(CardField::Description));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardFields(u32);

impl CardFields {
    const ALWAYS: u32 = bit(CardField::Id) | bit(CardField::Key) | bit(CardField::Version);

    /// Whether this member is picked.
    pub fn contains(self, field: CardField) -> bool {
        self.0 & bit(field) != 0
    }

    /// The picked members, in the order in which a card has them.
    pub fn iter(self) -> impl Iterator<Item = CardField> {
        CardField::ALL.iter().copied().filter(move |field| self.contains(*field))
    }
}

const fn bit(field: CardField) -> u32 {
    1 << field as u32
}

impl FromIterator<CardField> for CardFields {
    fn from_iter<I: IntoIterator<Item = CardField>>(fields: I) -> Self {
        Self(fields.into_iter().fold(Self::ALWAYS, |all, field| all | bit(field)))
    }
}

impl<'de> Deserialize<'de> for CardFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        listed::<D, CardField>(deserializer).map(Self::from_iter)
    }
}
