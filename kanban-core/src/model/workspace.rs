//! Workspaces.

use serde::{Deserialize, Serialize};

use super::check::{Check, DESCRIPTION_BYTES, NAME_CHARACTERS};
use super::{JsonObject, present};
use crate::Result;

/// Changes to a workspace: absent members stay.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WorkspacePatch {
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
}

impl WorkspacePatch {
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
        check.done()
    }
}
