//! Asking for the audit log: who changed what, when.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::check::Check;
use super::{Action, BoardRef, CardRef, EntityId, EntityType, ListPage, Timestamp};
use crate::{Error, Result};

/// Anything that has a history: by its id, or, for a card or board, by its key.
///
/// ```
/// use kanban_core::EntityRef;
///
/// let card: EntityRef = "ab-42".parse()?;
/// assert_eq!(card.to_string(), "AB-42");
/// # Ok::<(), kanban_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EntityRef {
    /// By id.
    Id(EntityId),
    /// A card by its key.
    Card(String),
    /// A board by its key.
    Board(String),
}

impl FromStr for EntityRef {
    type Err = Error;

    /// What can be neither names nothing, so it is [`Error::NotFound`].
    fn from_str(s: &str) -> Result<Self> {
        if let Ok(id) = s.parse() {
            return Ok(Self::Id(id));
        }
        match (s.parse(), s.parse()) {
            (Ok(CardRef::Key(key)), _) => Ok(Self::Card(key)),
            (_, Ok(BoardRef::Key(key))) => Ok(Self::Board(key)),
            _ => Err(Error::not_found("thing", s)),
        }
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Card(key) | Self::Board(key) => f.write_str(key),
        }
    }
}

impl Serialize for EntityRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntityRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|_: Error| serde::de::Error::custom("expected the id of a thing, or the key of a card or board"))
    }
}

/// Which events of the audit log to list; all that is given must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct AuditFilter {
    /// In the history of this board, by id or key; also after it was deleted.
    #[serde(default)]
    pub board_id: Option<BoardRef>,
    /// About things of this kind.
    #[cfg_attr(feature = "openapi", param(inline))]
    #[serde(default)]
    pub entity_type: Option<EntityType>,
    /// About this thing, by id, or for a card or board by key.
    #[cfg_attr(feature = "openapi", param(inline))]
    #[serde(default)]
    pub entity_id: Option<EntityRef>,
    /// Of what this actor did, by its id.
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 256))]
    #[serde(default)]
    pub actor: Option<String>,
    /// Of this kind of change.
    #[cfg_attr(feature = "openapi", param(inline))]
    #[serde(default)]
    pub action: Option<Action>,
    /// At this moment or later.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Before this moment.
    #[serde(default)]
    pub to: Option<Timestamp>,
}

impl AuditFilter {
    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        if let Some(actor) = &self.actor {
            check.characters("/actor", actor, 1, 256);
        }
        if let (Some(kind), Some(action)) = (self.entity_type, self.action)
            && action.entity_type() != kind
        {
            check.fails("/action", format!("happens to no {kind}; leave entity_type out, or name another action"));
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            check.fails("/to", "must be after from");
        }
        check.done()
    }

    /// The actions that are asked for, where not all are.
    pub(crate) fn actions(&self) -> Option<Vec<&'static str>> {
        if let Some(action) = self.action {
            return Some(vec![action.as_str()]);
        }
        let kind = self.entity_type?;
        Some(Action::ALL.iter().filter(|action| action.entity_type() == kind).map(|action| action.as_str()).collect())
    }
}

/// A page of the audit log, newest first.
#[derive(Debug, Clone, Default)]
pub struct ListAudit {
    /// Which events.
    pub filter: AuditFilter,
    /// Which page, and how long.
    pub page: ListPage,
}
