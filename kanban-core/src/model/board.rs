//! Workspaces, boards and columns.

use serde::{Deserialize, Serialize};

use super::check::{COLUMN_NAME_CHARACTERS, Check, DESCRIPTION_BYTES, NAME_CHARACTERS};
use super::{BoardId, ColumnId, JsonObject, Timestamp, Version, WorkspaceId, present, present_whole, whole};
use crate::Result;

/// A workspace groups boards.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its version.
    pub version: Version,
    /// Its name, unique among the tenant's workspaces.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Anything the users keep with it.
    pub metadata: JsonObject,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

/// A workspace to create.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    /// Its name: 1 to 256 characters, unique among the tenant's workspaces.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub name: String,
    /// What it is for, at most 16 KiB.
    #[cfg_attr(feature = "openapi", schema(max_length = 16384))]
    #[serde(default)]
    pub description: String,
    /// Anything to keep with it, at most 16 KiB.
    #[serde(default)]
    pub metadata: JsonObject,
}

impl NewWorkspace {
    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        check.characters("/name", &self.name, 1, NAME_CHARACTERS);
        check.bytes("/description", &self.description, 0, DESCRIPTION_BYTES);
        check.object("/metadata", &self.metadata);
        check.done()
    }
}

named! {
    /// What a column means for the cards in it.
    ColumnKind {
        /// Not yet chosen.
        Backlog = "backlog",
        /// Ready to be taken.
        Todo = "todo",
        /// Being worked on.
        Doing = "doing",
        /// Finished.
        Done = "done",
    }
}

named! {
    /// Which columns a new board starts with.
    BoardTemplate {
        /// Todo, Doing, Done.
        Basic = "basic",
        /// Backlog, Todo, Doing, Review, Done.
        Review = "review",
        /// None.
        Empty = "empty",
    }
}

#[allow(clippy::derivable_impls, reason = "the macro that makes the enum has no place to mark it")]
impl Default for BoardTemplate {
    fn default() -> Self {
        Self::Basic
    }
}

impl BoardTemplate {
    pub(crate) fn columns(self) -> Vec<NewColumn> {
        let columns: &[(&str, ColumnKind)] = match self {
            Self::Basic => &[("Todo", ColumnKind::Todo), ("Doing", ColumnKind::Doing), ("Done", ColumnKind::Done)],
            Self::Review => &[
                ("Backlog", ColumnKind::Backlog),
                ("Todo", ColumnKind::Todo),
                ("Doing", ColumnKind::Doing),
                ("Review", ColumnKind::Doing),
                ("Done", ColumnKind::Done),
            ],
            Self::Empty => &[],
        };
        columns.iter().map(|(name, kind)| NewColumn::named(*name, *kind)).collect()
    }
}

/// A board without its columns, which come with a board that is read by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Board {
    /// Its id.
    pub id: BoardId,
    /// Its short key, unique in the tenant and kept for life; it starts the keys of the board's cards.
    pub key: String,
    /// Its version.
    pub version: Version,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What its columns were made from.
    pub template: BoardTemplate,
    /// Anything the users keep with it.
    pub metadata: JsonObject,
    /// IANA time zone in which its days are counted.
    pub time_zone: String,
    /// Number of its last event: it goes up by one with every change of anything on the board.
    pub seq: i64,
    /// When it was archived, if it was. An archived board can be read but not changed, and holds no other work back.
    pub archived_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its own members were changed last.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

/// A board with its columns in order.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BoardDetail {
    /// The board.
    #[serde(flatten)]
    pub board: Board,
    /// Its columns in order, with their counts of cards.
    pub columns: Vec<Column>,
}

/// A board to create.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewBoard {
    /// The workspace to put it in; the tenant's first one when absent.
    #[serde(default)]
    pub workspace_id: Option<WorkspaceId>,
    /// Short key for the board and its cards: a capital letter, then at most nine capitals or digits. Made from the name
    /// when absent.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Z][A-Z0-9]{0,9}$"))]
    #[serde(default)]
    pub key: Option<String>,
    /// Its name: 1 to 256 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub name: String,
    /// What it is for, at most 16 KiB.
    #[cfg_attr(feature = "openapi", schema(max_length = 16384))]
    #[serde(default)]
    pub description: String,
    /// Which columns it starts with.
    #[serde(default)]
    pub template: BoardTemplate,
    /// Anything to keep with it, at most 16 KiB.
    #[serde(default)]
    pub metadata: JsonObject,
    /// IANA time zone in which its days are counted; UTC when absent.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64))]
    #[serde(default)]
    pub time_zone: Option<String>,
}

impl NewBoard {
    /// A board with the basic columns.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        if self.key.as_ref().is_some_and(|key| !super::ids::is_board_key(key)) {
            check.fails("/key", "must be a capital letter and at most nine more capitals or digits");
        }
        check.characters("/name", &self.name, 1, NAME_CHARACTERS);
        check.bytes("/description", &self.description, 0, DESCRIPTION_BYTES);
        check.object("/metadata", &self.metadata);
        if let Some(time_zone) = &self.time_zone {
            check.characters("/time_zone", time_zone, 1, 64);
        }
        check.done()
    }

    /// A key from the name: the initials of its words, or the start of its only word.
    pub(crate) fn derived_key(&self) -> String {
        let words: Vec<String> = self
            .name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .map(|word| word.to_ascii_uppercase())
            .filter(|word| !word.is_empty())
            .collect();
        let key: String = match words.as_slice() {
            [word] => word.chars().take(4).collect(),
            words => words.iter().filter_map(|word| word.chars().next()).take(6).collect(),
        };
        if super::ids::is_board_key(&key) { key } else { format!("B{key}").chars().take(6).collect() }
    }
}

/// Changes to a board: absent members stay.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BoardPatch {
    /// The workspace to move it to.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    #[serde(default, skip_serializing, deserialize_with = "present")]
    pub workspace_id: Option<WorkspaceId>,
    /// New name.
    #[cfg_attr(feature = "openapi", schema(nullable = false, min_length = 1, max_length = 256))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub name: Option<String>,
    /// New description.
    #[cfg_attr(feature = "openapi", schema(nullable = false, max_length = 16384))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub description: Option<String>,
    /// Merged into the metadata (RFC 7396): null removes a member.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub metadata: Option<JsonObject>,
    /// New IANA time zone.
    #[cfg_attr(feature = "openapi", schema(nullable = false, min_length = 1, max_length = 64))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub time_zone: Option<String>,
    /// `true` archives the board, `false` brings it back.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub archived: Option<bool>,
}

impl BoardPatch {
    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        if let Some(name) = &self.name {
            check.characters("/name", name, 1, NAME_CHARACTERS);
        }
        if let Some(description) = &self.description {
            check.bytes("/description", description, 0, DESCRIPTION_BYTES);
        }
        if let Some(metadata) = &self.metadata {
            check.object("/metadata", metadata);
        }
        if let Some(time_zone) = &self.time_zone {
            check.characters("/time_zone", time_zone, 1, 64);
        }
        check.done()
    }
}

/// A column of a board.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Column {
    /// Its id.
    pub id: ColumnId,
    /// The board it is on.
    pub board_id: BoardId,
    /// Its version.
    pub version: Version,
    /// Its name, unique on the board.
    pub name: String,
    /// What it means for the cards in it.
    pub kind: ColumnKind,
    /// Zero-based place on the board.
    pub position: i64,
    /// The most live cards it may hold; no limit when null.
    pub wip_limit: Option<i32>,
    /// Live cards in it.
    pub cards: i32,
    /// Anything the users keep with it.
    pub metadata: JsonObject,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its own members were changed last.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

/// A column to create, at the end of its board.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewColumn {
    /// Its name: 1 to 128 characters, unique on the board.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub name: String,
    /// What it means for the cards in it.
    pub kind: ColumnKind,
    /// The most live cards it may hold, at least 1; no limit when absent.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 2147483647))]
    #[serde(default, deserialize_with = "whole")]
    pub wip_limit: Option<i32>,
    /// Anything to keep with it, at most 16 KiB.
    #[serde(default)]
    pub metadata: JsonObject,
}

impl NewColumn {
    /// A column without a WIP limit.
    pub fn named(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self { name: name.into(), kind, wip_limit: None, metadata: JsonObject::default() }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        check.characters("/name", &self.name, 1, COLUMN_NAME_CHARACTERS);
        check.wip_limit(self.wip_limit);
        check.object("/metadata", &self.metadata);
        check.done()
    }
}

/// Changes to a column: absent members stay.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ColumnPatch {
    /// New name.
    #[cfg_attr(feature = "openapi", schema(nullable = false, min_length = 1, max_length = 128))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub name: Option<String>,
    /// New kind; refused while the column holds cards.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub kind: Option<ColumnKind>,
    /// New limit, at least 1; null removes it. Cards already there stay when it is lower.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 2147483647))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present_whole")]
    pub wip_limit: Option<Option<i32>>,
    /// Merged into the metadata (RFC 7396): null removes a member.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub metadata: Option<JsonObject>,
}

impl ColumnPatch {
    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        if let Some(name) = &self.name {
            check.characters("/name", name, 1, COLUMN_NAME_CHARACTERS);
        }
        check.wip_limit(self.wip_limit.flatten());
        if let Some(metadata) = &self.metadata {
            check.object("/metadata", metadata);
        }
        check.done()
    }
}
