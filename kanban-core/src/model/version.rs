//! Versions: what a guarded write names, so that nothing is overwritten unseen.

use std::fmt;

use serde::de::{self, Deserializer, IntoDeserializer, Unexpected, Visitor};
use serde::{Deserialize, Serialize};

use super::whole;

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

/// What a guarded write expects to find. In JSON it is a number, or `"*"`.
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

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Versions;

        impl Visitor<'_> for Versions {
            type Value = Expected;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a version, or \"*\" for whatever version there is")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Expected, E> {
                if text == "*" { Ok(Expected::Any) } else { Err(E::invalid_value(Unexpected::Str(text), &self)) }
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Expected, E> {
                Ok(Expected::Version(Version(number)))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Expected, E> {
                // beyond every version that there is
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Expected, E> {
                whole(number.into_deserializer()).and_then(|number| self.visit_i64(number))
            }
        }

        deserializer.deserialize_any(Versions)
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
