//! Links between cards, in words that cannot be read the wrong way round.

use serde::{Deserialize, Serialize};

use super::{ActorRef, CardId, CardRef, ColumnKind, DependencyId, Timestamp};

named! {
    /// What a dependency means. Only `blocks` holds work back.
    DependencyType {
        /// The first must be resolved before the second can be worked on.
        Blocks = "blocks",
        /// The second is a part of the first.
        Parent = "parent",
        /// They have to do with each other.
        Relates = "relates",
        /// The first says the same as the second.
        Duplicates = "duplicates",
        /// The first was found while working on the second.
        DiscoveredFrom = "discovered_from",
        /// The first takes the place of the second.
        Supersedes = "supersedes",
        /// The first answers the second.
        RepliesTo = "replies_to",
    }
}

named! {
    /// How one card stands to another, read as a sentence: "this card … the other".
    Relation {
        /// Cannot be worked on before the other is resolved.
        WaitsFor = "waits_for",
        /// Holds the other back.
        Blocks = "blocks",
        /// Is a part of the other.
        ChildOf = "child_of",
        /// Has the other as a part.
        ParentOf = "parent_of",
        /// Has to do with the other.
        RelatesTo = "relates_to",
        /// Says the same as the other.
        Duplicates = "duplicates",
        /// The other says the same as it.
        DuplicatedBy = "duplicated_by",
        /// Was found while working on the other.
        DiscoveredFrom = "discovered_from",
        /// The other was found while working on it.
        LedTo = "led_to",
        /// Takes the place of the other.
        Supersedes = "supersedes",
        /// The other takes its place.
        SupersededBy = "superseded_by",
        /// Answers the other.
        RepliesTo = "replies_to",
        /// The other answers it.
        AnsweredBy = "answered_by",
    }
}

impl Relation {
    /// The stored type, and whether "this card" is its first end.
    pub fn stored(self) -> (DependencyType, bool) {
        match self {
            Self::WaitsFor => (DependencyType::Blocks, false),
            Self::Blocks => (DependencyType::Blocks, true),
            Self::ChildOf => (DependencyType::Parent, false),
            Self::ParentOf => (DependencyType::Parent, true),
            Self::RelatesTo => (DependencyType::Relates, true),
            Self::Duplicates => (DependencyType::Duplicates, true),
            Self::DuplicatedBy => (DependencyType::Duplicates, false),
            Self::DiscoveredFrom => (DependencyType::DiscoveredFrom, true),
            Self::LedTo => (DependencyType::DiscoveredFrom, false),
            Self::Supersedes => (DependencyType::Supersedes, true),
            Self::SupersededBy => (DependencyType::Supersedes, false),
            Self::RepliesTo => (DependencyType::RepliesTo, true),
            Self::AnsweredBy => (DependencyType::RepliesTo, false),
        }
    }

    pub(crate) fn seen_from(kind: DependencyType, is_first: bool) -> Self {
        let is_first = is_first || kind == DependencyType::Relates;
        *Self::ALL.iter().find(|r| r.stored() == (kind, is_first)).expect("every type has a word for each end")
    }
}

/// A dependency as it is stored: "from … to".
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dependency {
    /// Its id.
    pub id: DependencyId,
    /// What it means.
    #[serde(rename = "type")]
    pub kind: DependencyType,
    /// Its first end: the card that blocks, is the parent, was discovered, …
    pub from_card_id: CardId,
    /// Its second end.
    pub to_card_id: CardId,
    /// Who added it.
    pub created_by: ActorRef,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A dependency to add or remove: how the card stands to another.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct NewDependency {
    /// How the card stands to the other.
    #[cfg_attr(feature = "openapi", param(example = "relates_to"))]
    pub relation: Relation,
    /// The other card, by id or key.
    #[cfg_attr(feature = "openapi", param(example = "AB-2"))]
    pub card: CardRef,
}

impl NewDependency {
    /// The card cannot be worked on before the other is resolved.
    pub fn waits_for(card: impl Into<CardRef>) -> Self {
        Self { relation: Relation::WaitsFor, card: card.into() }
    }
}

/// The outcome of adding a dependency.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Added {
    /// The dependency.
    #[serde(flatten)]
    pub dependency: Dependency,
    /// Whether it was added now; adding it again changes nothing.
    pub is_new: bool,
}

/// One of a card's dependencies, seen from that card.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DependencyView {
    /// Its id.
    pub id: DependencyId,
    /// How the card stands to the other.
    pub relation: Relation,
    /// The other card's id.
    pub card_id: CardId,
    /// The other card's key.
    pub card_key: String,
    /// The other card's title.
    pub card_title: String,
    /// The other card's status.
    pub card_status: ColumnKind,
    /// Whether the other card is finished, deleted, or on an archived board.
    pub resolved: bool,
    /// The same as a sentence.
    pub text: String,
    /// Who added it.
    pub created_by: ActorRef,
    /// When it was added.
    pub created_at: Timestamp,
}
