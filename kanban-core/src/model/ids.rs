//! Ids: ULIDs with a type each, and references that take a key as well.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ulid::Ulid;

use crate::{Error, Result};

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident => $what:literal, $example:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// A [ULID](https://github.com/ulid/spec): 26 characters of Crockford base32 that sort by the time of creation.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) Ulid);

        impl $name {
            /// A new id, for something that is about to be created.
            pub fn generate() -> Self {
                Self(next_ulid())
            }

            #[allow(dead_code, reason = "not every kind of id is bound to a statement")]
            pub(crate) fn uuid(self) -> uuid::Uuid {
                self.0.into()
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// An unreadable id names nothing, so it is [`Error::NotFound`].
            fn from_str(s: &str) -> Result<Self> {
                parse_ulid(s).map(Self).ok_or_else(|| Error::not_found($what, s))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut buffer = [0; ulid::ULID_LEN];
                serializer.serialize_str(self.0.array_to_str(&mut buffer))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                parse_ulid(&text).map(Self).ok_or_else(|| serde::de::Error::custom(
                    concat!("expected the id of a ", $what, ": a ULID of 26 characters")))
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                super::schema::pattern(concat!("The id of a ", $what, "."), super::schema::ULID, $example)
            }
        }
    )*};
}

id_types! {
    /// Names a workspace.
    WorkspaceId => "workspace", "01JD8QGZ5R00000000000000W1";
    /// Names a board.
    BoardId => "board", "01JD8QGZ5R00000000000000B1";
    /// Names a column.
    ColumnId => "column", "01JD8QGZ5R00000000000000C1";
    /// Names a card.
    CardId => "card", "01JD8QGZ5R00000000000000D1";
    /// Names a comment.
    CommentId => "comment", "01JD8QGZ5R00000000000000N1";
    /// Names an attachment.
    AttachmentId => "attachment", "01JD8QGZ5R00000000000000F1";
    /// Names a dependency.
    DependencyId => "dependency", "01JD8QGZ5R00000000000000P1";
    /// Names a service token.
    TokenId => "token", "01JD8QGZ5R00000000000000T1";
    /// Names whatever an event is about.
    EntityId => "thing", "01JD8QGZ5R00000000000000D1";
}

/// The ids of one process go up, also within a millisecond: what is created later sorts behind.
fn next_ulid() -> Ulid {
    static GENERATOR: Mutex<ulid::Generator> = Mutex::new(ulid::Generator::new());
    let mut generator = GENERATOR.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // a millisecond whose ids are used up is as good as over
    generator.generate().unwrap_or_else(|_| Ulid::generate())
}

fn parse_ulid(text: &str) -> Option<Ulid> {
    // 26 characters carry 130 bits: the first may not go past 7
    (text.len() == ulid::ULID_LEN && matches!(text.as_bytes()[0], b'0'..=b'7'))
        .then(|| Ulid::from_string(text).ok())
        .flatten()
}

macro_rules! ref_types {
    ($($(#[$doc:meta])* $name:ident, $id:ident, $what:literal, $key:ident, $pattern:expr, $example:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            /// By id.
            Id($id),
            /// By key, in capitals.
            Key(String),
        }

        impl $name {
            pub(crate) fn id(&self) -> Option<uuid::Uuid> {
                match self {
                    Self::Id(id) => Some(id.uuid()),
                    Self::Key(_) => None,
                }
            }

            pub(crate) fn key(&self) -> Option<&str> {
                match self {
                    Self::Id(_) => None,
                    Self::Key(key) => Some(key),
                }
            }
        }

        impl From<$id> for $name {
            fn from(id: $id) -> Self {
                Self::Id(id)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// Text that is neither an id nor a key names nothing, so it is [`Error::NotFound`].
            fn from_str(s: &str) -> Result<Self> {
                if let Some(id) = parse_ulid(s) {
                    return Ok(Self::Id($id(id)));
                }
                let key = s.to_ascii_uppercase();
                if $key(&key) { Ok(Self::Key(key)) } else { Err(Error::not_found($what, s)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Id(id) => id.fmt(f),
                    Self::Key(key) => key.fmt(f),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(|_| serde::de::Error::custom(
                    concat!("expected the id or key of a ", $what)))
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                super::schema::pattern(concat!("The id or key of a ", $what, "."), $pattern, $example)
            }
        }
    )*};
}

ref_types! {
    /// A card by its id or by its key, such as `AB-42`.
    ///
    /// ```
    /// let card: kanban_core::CardRef = "ab-42".parse()?;
    /// assert_eq!(card.to_string(), "AB-42");
    /// # Ok::<(), kanban_core::Error>(())
    /// ```
    CardRef, CardId, "card", is_card_key, super::schema::CARD_REF, "AB-1";
    /// A board by its id or by its key, such as `AB`.
    ///
    /// ```
    /// let board: kanban_core::BoardRef = "AB".parse()?;
    /// assert_eq!(board.to_string(), "AB");
    /// # Ok::<(), kanban_core::Error>(())
    /// ```
    BoardRef, BoardId, "board", is_board_key, super::schema::BOARD_REF, "AB";
}

/// Whether this is a board key: a capital, then at most nine capitals and digits.
pub(crate) fn is_board_key(key: &str) -> bool {
    (1..=10).contains(&key.len())
        && key.starts_with(|c: char| c.is_ascii_uppercase())
        && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn is_card_key(key: &str) -> bool {
    key.split_once('-').is_some_and(|(board, number)| {
        is_board_key(board) && (1..=18).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// A tenant's name: lower-case letters, digits, `-` and `_`; `default` in a single-tenant install.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct TenantId(std::sync::Arc<str>);

impl TenantId {
    /// The slug itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        let is_slug = (1..=63).contains(&s.len())
            && s.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if is_slug { Ok(Self(s.into())) } else { Err(Error::not_found("tenant", s)) }
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
