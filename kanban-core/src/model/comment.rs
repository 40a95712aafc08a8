//! Comments on cards.

use serde::{Deserialize, Serialize};

use super::check::{COMMENT_BYTES, Check};
use super::{ActorRef, CardId, CommentId, JsonObject, Timestamp, Version};
use crate::Result;

/// A comment on a card.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// The card it is on.
    pub card_id: CardId,
    /// Its version.
    pub version: Version,
    /// Who wrote it.
    pub author: ActorRef,
    /// What it says.
    pub body: String,
    /// Anything its author keeps with it.
    pub metadata: JsonObject,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

/// A comment to write.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    /// What it says: 1 byte to 8 KiB.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 8192))]
    pub body: String,
    /// Anything to keep with it, at most 16 KiB.
    #[serde(default)]
    pub metadata: JsonObject,
}

impl NewComment {
    /// A comment without metadata.
    pub fn saying(body: impl Into<String>) -> Self {
        Self { body: body.into(), metadata: JsonObject::default() }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        check.bytes("/body", &self.body, 1, COMMENT_BYTES);
        check.object("/metadata", &self.metadata);
        check.done()
    }
}
