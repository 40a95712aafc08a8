//! Cards: what they are, and every way to ask for or change them.

use serde::{Deserialize, Serialize};

use super::check::{Check, DESCRIPTION_BYTES, NAME_CHARACTERS};
use super::{
    ActorRef, BoardId, CardId, CardRef, Claim, ColumnId, ColumnKind, JsonObject, Timestamp, Version, present, whole,
};
use crate::Result;

named! {
    /// How urgent a card is; most urgent first.
    Priority {
        /// Before everything else.
        Critical = "critical",
        /// Soon.
        High = "high",
        /// As usual.
        Medium = "medium",
        /// When there is time.
        Low = "low",
        /// Some day.
        Lowest = "lowest",
    }
}

#[allow(clippy::derivable_impls, reason = "the macro that makes the enum has no place to mark it")]
impl Default for Priority {
    fn default() -> Self {
        Self::Medium
    }
}

impl Priority {
    /// Zero-based place among the priorities; 0 is critical.
    pub fn rank(self) -> i16 {
        self as i16
    }
}

/// A link from a card to something elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Where it leads.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 2048))]
    pub url: String,
    /// What to show for it.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A card. Its place is its place in its column's list; it is not a member, for it changes with its neighbours.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Card {
    /// Its id.
    pub id: CardId,
    /// Its short key, such as `AB-42`, kept for life.
    pub key: String,
    /// Its id in another system, unique on its board.
    pub external_id: Option<String>,
    /// Its version: what a guarded write names.
    pub version: Version,
    /// The board it is on.
    pub board_id: BoardId,
    /// The column it is in.
    pub column_id: ColumnId,
    /// The kind of that column.
    pub status: ColumnKind,
    /// What is to be done, in one line.
    pub title: String,
    /// What is to be done, at length.
    pub description: String,
    /// Labels, in the order they were given.
    pub labels: Vec<String>,
    /// Who may work on it: ids of agents and people; anybody when empty.
    pub assignees: Vec<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// When it should be finished.
    pub due_at: Option<Timestamp>,
    /// Fields of the users' own.
    pub fields: JsonObject,
    /// Links to elsewhere.
    pub links: Vec<Link>,
    /// What agents need to know to work on it.
    pub agent_context: JsonObject,
    /// State of the agent framework's workflow.
    pub workflow_state: JsonObject,
    /// When work on it began: its first entry into a doing or done column.
    pub started_at: Option<Timestamp>,
    /// When it was finished; null again if it left the done columns.
    pub finished_at: Option<Timestamp>,
    /// When it entered its present column.
    pub column_since: Timestamp,
    /// Which agent works on it, if one has claimed it.
    pub claim: Option<Claim>,
    /// Who created it.
    pub created_by: ActorRef,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last; extending a lease is not a change.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

/// Where in a column a card goes; at the end when nothing is given. Give at most one.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Right behind this card of the same column.
    #[serde(default)]
    pub after_id: Option<CardRef>,
    /// Right before this card of the same column.
    #[serde(default)]
    pub before_id: Option<CardRef>,
    /// Zero-based place in the column; the end when it has fewer cards.
    #[cfg_attr(feature = "openapi", schema(maximum = 2147483647))]
    #[serde(default, deserialize_with = "whole")]
    pub position: Option<u32>,
}

impl Place {
    /// The top of the column.
    pub fn first() -> Self {
        Self { position: Some(0), ..Self::default() }
    }

    /// Right behind another card.
    pub fn after(card: impl Into<CardRef>) -> Self {
        Self { after_id: Some(card.into()), ..Self::default() }
    }

    /// Right before another card.
    pub fn before(card: impl Into<CardRef>) -> Self {
        Self { before_id: Some(card.into()), ..Self::default() }
    }

    fn check(&self, check: &mut Check) {
        check.place(self.after_id.is_some(), self.before_id.is_some(), self.position);
    }
}

/// A card to create.
///
/// ```
/// use kanban_core::{NewCard, Priority};
///
/// let card = NewCard { priority: Priority::High, ..NewCard::titled("Fix the login") };
/// assert_eq!(card.title, "Fix the login");
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCard {
    /// What is to be done, in one line: 1 to 256 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub title: String,
    /// What is to be done, at length: at most 16 KiB.
    #[cfg_attr(feature = "openapi", schema(max_length = 16384))]
    #[serde(default)]
    pub description: String,
    /// At most 64 labels of at most 256 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = super::schema::ShortTexts))]
    #[serde(default)]
    pub labels: Vec<String>,
    /// Ids of the agents and people who may work on it, at most 64; anybody when empty.
    #[cfg_attr(feature = "openapi", schema(value_type = super::schema::ShortTexts))]
    #[serde(default)]
    pub assignees: Vec<String>,
    /// How urgent it is; medium when absent.
    #[serde(default)]
    pub priority: Priority,
    /// When it should be finished.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    /// Fields of your own, at most 16 KiB.
    #[serde(default)]
    pub fields: JsonObject,
    /// Links to elsewhere, at most 64 and 16 KiB.
    #[cfg_attr(feature = "openapi", schema(max_items = 64))]
    #[serde(default)]
    pub links: Vec<Link>,
    /// What agents need to know to work on it, at most 16 KiB.
    #[serde(default)]
    pub agent_context: JsonObject,
    /// State of the agent framework's workflow, at most 16 KiB.
    #[serde(default)]
    pub workflow_state: JsonObject,
    /// Its id in another system, unique on its board: 1 to 256 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    #[serde(default)]
    pub external_id: Option<String>,
    /// Right behind this card of the same column.
    #[serde(default)]
    pub after_id: Option<CardRef>,
    /// Right before this card of the same column.
    #[serde(default)]
    pub before_id: Option<CardRef>,
    /// Zero-based place in the column; the end when absent.
    #[cfg_attr(feature = "openapi", schema(maximum = 2147483647))]
    #[serde(default, deserialize_with = "whole")]
    pub position: Option<u32>,
}

impl NewCard {
    /// A card with a title and nothing else, at the end of its column.
    pub fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    pub(crate) fn place(&self) -> Place {
        Place { after_id: self.after_id.clone(), before_id: self.before_id.clone(), position: self.position }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        check.characters("/title", &self.title, 1, NAME_CHARACTERS);
        check.bytes("/description", &self.description, 0, DESCRIPTION_BYTES);
        check.texts("/labels", &self.labels, 64);
        check.texts("/assignees", &self.assignees, 64);
        check.object("/fields", &self.fields);
        check_links(&mut check, &self.links);
        check.object("/agent_context", &self.agent_context);
        check.object("/workflow_state", &self.workflow_state);
        if let Some(external_id) = &self.external_id {
            check.characters("/external_id", external_id, 1, 256);
        }
        self.place().check(&mut check);
        check.done()
    }
}

/// Changes to a card: absent members stay, null clears, JSON objects merge (RFC 7396).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CardPatch {
    /// New title.
    #[cfg_attr(feature = "openapi", schema(nullable = false, min_length = 1, max_length = 256))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub title: Option<String>,
    /// New description.
    #[cfg_attr(feature = "openapi", schema(nullable = false, max_length = 16384))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub description: Option<String>,
    /// The labels to have from now on.
    #[cfg_attr(feature = "openapi", schema(value_type = super::schema::ShortTexts, required = false))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub labels: Option<Vec<String>>,
    /// The assignees to have from now on.
    #[cfg_attr(feature = "openapi", schema(value_type = super::schema::ShortTexts, required = false))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub assignees: Option<Vec<String>>,
    /// New priority.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub priority: Option<Priority>,
    /// New due date; null removes it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub due_at: Option<Option<Timestamp>>,
    /// Merged into the fields.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub fields: Option<JsonObject>,
    /// The links to have from now on.
    #[cfg_attr(feature = "openapi", schema(nullable = false, max_items = 64))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub links: Option<Vec<Link>>,
    /// Merged into the agent context.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub agent_context: Option<JsonObject>,
    /// Merged into the workflow state.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub workflow_state: Option<JsonObject>,
    /// New id in another system; null removes it.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub external_id: Option<Option<String>>,
}

impl CardPatch {
    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        if let Some(title) = &self.title {
            check.characters("/title", title, 1, NAME_CHARACTERS);
        }
        if let Some(description) = &self.description {
            check.bytes("/description", description, 0, DESCRIPTION_BYTES);
        }
        if let Some(labels) = &self.labels {
            check.texts("/labels", labels, 64);
        }
        if let Some(assignees) = &self.assignees {
            check.texts("/assignees", assignees, 64);
        }
        if let Some(links) = &self.links {
            check_links(&mut check, links);
        }
        if let Some(Some(external_id)) = &self.external_id {
            check.characters("/external_id", external_id, 1, 256);
        }
        let objects = [
            ("/fields", &self.fields),
            ("/agent_context", &self.agent_context),
            ("/workflow_state", &self.workflow_state),
        ];
        for (pointer, object) in objects {
            if let Some(object) = object {
                check.object(pointer, object);
            }
        }
        check.done()
    }
}

fn check_links(check: &mut Check, links: &[Link]) {
    if links.len() > 64 {
        check.fails("/links", format!("has {} entries; the most is 64", links.len()));
    }
    for (i, link) in links.iter().enumerate() {
        check.characters(&format!("/links/{i}/url"), &link.url, 1, 2048);
        if let Some(title) = &link.title {
            check.characters(&format!("/links/{i}/title"), title, 1, 256);
        }
    }
    if let Ok(json) = serde_json::value::to_raw_value(links) {
        check.json("/links", &json);
    }
}

/// Where to move a card.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MoveCard {
    /// The column to move it to; of any board of the tenant.
    pub column_id: ColumnId,
    /// Right behind this card of that column.
    #[serde(default)]
    pub after_id: Option<CardRef>,
    /// Right before this card of that column.
    #[serde(default)]
    pub before_id: Option<CardRef>,
    /// Zero-based place in that column; the end when absent.
    #[cfg_attr(feature = "openapi", schema(maximum = 2147483647))]
    #[serde(default, deserialize_with = "whole")]
    pub position: Option<u32>,
}

impl MoveCard {
    /// To the end of a column.
    pub fn to(column_id: ColumnId) -> Self {
        Self { column_id, after_id: None, before_id: None, position: None }
    }

    pub(crate) fn place(&self) -> Place {
        Place { after_id: self.after_id.clone(), before_id: self.before_id.clone(), position: self.position }
    }
}

impl Place {
    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        self.check(&mut check);
        check.done()
    }
}

impl CardRef {
    /// Both are ids, or both are keys.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// It names this card.
    pub(crate) fn is(&self, card: &Card) -> bool {
        match self {
            Self::Id(id) => card.id == *id,
            Self::Key(key) => card.key == *key,
        }
    }
}
