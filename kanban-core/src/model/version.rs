//! Versions: what a guarded write names, so that nothing is overwritten unseen.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Counts the changes of a thing, from 1. Every read carries it and every guarded write takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Version(pub i64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a guarded write expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The thing at this version; anything else is [`VersionConflict`](crate::Error::VersionConflict).
    Version(Version),
    /// Whatever version it has: an explicit override.
    Any,
}

impl Expected {
    pub(crate) fn as_bind(self) -> Option<i64> {
        match self {
            Self::Version(version) => Some(version.0),
            Self::Any => None,
        }
    }
}

impl From<Version> for Expected {
    fn from(version: Version) -> Self {
        Self::Version(version)
    }
}

/// The fencing token of a claim: it goes up with every claim of the card, so a late agent is recognised.
/// See Kleppmann, "How to do distributed locking" (2016).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Epoch(pub i64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
