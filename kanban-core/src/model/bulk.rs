//! Many changes of one board at once.

use std::fmt;

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::check::Check;
use super::{
    Card, CardField, CardFields, CardPatch, CardRef, ColumnId, Epoch, Expected, NewCard, PartialCard, Place, whole,
};
use crate::error::InvalidField;
use crate::{Error, Result};

/// The most operations of one bulk.
pub(crate) const MOST: usize = 500;

/// The members of a card that the outcome shows where none are picked.
const SHOWN: [CardField; 7] = [
    CardField::ColumnId,
    CardField::Status,
    CardField::Title,
    CardField::Labels,
    CardField::Assignees,
    CardField::Priority,
    CardField::DeletedAt,
];

/// Many changes of a board's cards: all of them take effect, or none does.
///
/// ```
/// use kanban_core::{Bulk, BulkDelete, BulkLabels, BulkOperation, CardRef, Expected};
///
/// let card: CardRef = "AB-1".parse()?;
/// let labels = BulkLabels { labels: vec!["bug".into()], ..BulkLabels::of(card.clone()) };
/// let bulk = Bulk::of([BulkOperation::AddLabels(labels), BulkOperation::Delete(BulkDelete::of(card, Expected::Any))]);
/// assert!(!bulk.dry_run);
/// # Ok::<(), kanban_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Bulk {
    /// What is done, one after the other: 1 to 500 operations. A version is the one that the card had before the bulk, or
    /// that the operations before have made of it.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
    pub operations: Vec<BulkOperation>,
    /// Whether only to show what would come of it, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// The members of each card that the outcome shows besides id, key and version. When absent: column_id, status, title,
    /// labels, assignees, priority and deleted_at.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<CardField>>))]
    #[serde(default)]
    pub fields: Option<CardFields>,
}

const ONE_MEMBER: &str = "an object with one member, whose name says what is to be done";

/// Reads an operation.
struct Operation;

impl<'de> Deserialize<'de> for BulkOperation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Operation)
    }
}

macro_rules! operations {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal ($input:ident);)*) => {
        /// One of the changes of a bulk. In JSON an object with one member: the operation's name, and what it takes.
        #[derive(Debug, Clone)]
        pub enum BulkOperation {
            $($(#[doc = $doc])* $variant($input),)*
        }

        impl<'de> Visitor<'de> for Operation {
            type Value = BulkOperation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(ONE_MEMBER)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<BulkOperation, A::Error> {
                let name: String = members.next_key()?.ok_or_else(|| A::Error::custom(format_args!("must be {ONE_MEMBER}")))?;
                let operation = match name.parse().map_err(A::Error::custom)? {
                    $(BulkAction::$variant => BulkOperation::$variant(members.next_value()?),)*
                };
                match members.next_key::<IgnoredAny>()? {
                    None => Ok(operation),
                    Some(_) => Err(A::Error::custom(format_args!("must be {ONE_MEMBER}"))),
                }
            }
        }

        named! {
            /// What an operation of a bulk does.
            BulkAction { $($(#[doc = $doc])* $variant = $name,)* }
        }

        impl BulkOperation {
            /// What it does.
            pub fn action(&self) -> BulkAction {
                match self { $(Self::$variant(_) => BulkAction::$variant,)* }
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for BulkOperation {
            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                $(
                    schemas.push((<$input as utoipa::ToSchema>::name().into(), <$input as utoipa::PartialSchema>::schema()));
                    <$input as utoipa::ToSchema>::schemas(schemas);
                )*
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for BulkOperation {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                crate::model::schema::tagged("One of the changes of a bulk: its name, and what it takes.", &[$(
                    ($name, concat!($($doc),*), &<$input as utoipa::ToSchema>::name()),
                )*])
            }
        }
    };
}

operations! {
    /// Creates a card.
    Create = "create" (BulkCreate);
    /// Changes a card's own members.
    Update = "update" (BulkUpdate);
    /// Moves a card to a column, or within its own.
    Move = "move" (BulkMove);
    /// Puts labels on a card, behind those that it has.
    AddLabels = "add_labels" (BulkLabels);
    /// Takes labels off a card.
    RemoveLabels = "remove_labels" (BulkLabels);
    /// Deletes a card.
    Delete = "delete" (BulkDelete);
    /// Brings a deleted card back.
    Restore = "restore" (BulkRestore);
}

/// A card to create, and where.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkCreate {
    /// The column to create it in; of this board.
    pub column_id: ColumnId,
    /// The card.
    pub card: NewCard,
}

/// Changes to a card's own members.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkUpdate {
    /// The card, by id or key.
    pub card: CardRef,
    /// The version that was seen.
    pub version: Expected,
    /// The claim that it is written under.
    #[serde(default)]
    pub claim_epoch: Option<Epoch>,
    /// What to change.
    pub patch: CardPatch,
}

/// Where to move a card.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkMove {
    /// The card, by id or key.
    pub card: CardRef,
    /// The version that was seen.
    pub version: Expected,
    /// The claim that it is written under.
    #[serde(default)]
    pub claim_epoch: Option<Epoch>,
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

impl BulkMove {
    /// To the end of a column.
    pub fn to(card: impl Into<CardRef>, version: impl Into<Expected>, column_id: ColumnId) -> Self {
        let (card, version) = (card.into(), version.into());
        Self { card, version, claim_epoch: None, column_id, after_id: None, before_id: None, position: None }
    }

    pub(crate) fn place(&self) -> Place {
        Place { after_id: self.after_id.clone(), before_id: self.before_id.clone(), position: self.position }
    }
}

/// Labels to put on a card or take off it. Those that are there already, or are not, change nothing.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkLabels {
    /// The card, by id or key.
    pub card: CardRef,
    /// The version that was seen; whatever version there is when absent, for it overwrites nothing.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    #[serde(default = "any")]
    pub version: Expected,
    /// The claim that it is written under.
    #[serde(default)]
    pub claim_epoch: Option<Epoch>,
    /// The labels: 1 to 64 of at most 256 characters. A card has at most 64.
    #[cfg_attr(feature = "openapi", schema(value_type = super::schema::ShortTexts))]
    pub labels: Vec<String>,
}

impl BulkLabels {
    /// No label yet, whatever version the card has.
    pub fn of(card: impl Into<CardRef>) -> Self {
        Self { card: card.into(), version: Expected::Any, claim_epoch: None, labels: Vec::new() }
    }
}

/// A card to delete.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkDelete {
    /// The card, by id or key.
    pub card: CardRef,
    /// The version that was seen.
    pub version: Expected,
    /// The claim that it is written under.
    #[serde(default)]
    pub claim_epoch: Option<Epoch>,
}

impl BulkDelete {
    /// This card, at this version.
    pub fn of(card: impl Into<CardRef>, version: impl Into<Expected>) -> Self {
        Self { card: card.into(), version: version.into(), claim_epoch: None }
    }
}

/// A deleted card to bring back, at the end of the column it was in.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkRestore {
    /// The card, by id or key.
    pub card: CardRef,
    /// The version that was seen; whatever version there is when absent.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    #[serde(default = "any")]
    pub version: Expected,
}

fn any() -> Expected {
    Expected::Any
}

/// What came of a bulk, or would come of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkOutcome {
    /// Whether nothing has changed, because only the outcome was asked for.
    pub dry_run: bool,
    /// What came of each operation, in their order.
    pub items: Vec<BulkItem>,
}

/// What came of one operation of a bulk.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkItem {
    /// What it did.
    pub action: BulkAction,
    /// The card as it is behind it. The id and the times of a card that a dry run creates are not those it will have.
    pub card: PartialCard,
}

impl BulkItem {
    pub(crate) fn new(action: BulkAction, card: Card, fields: Option<CardFields>) -> Self {
        Self { action, card: PartialCard::of(card, fields.unwrap_or_else(|| SHOWN.into_iter().collect())) }
    }
}

impl Bulk {
    /// To be carried out; set `dry_run` to only see what would come of it.
    pub fn of(operations: impl IntoIterator<Item = BulkOperation>) -> Self {
        Self { operations: operations.into_iter().collect(), ..Self::default() }
    }

    /// Every broken rule of every operation, so that one answer is enough to mend them all.
    pub(crate) fn validate(&self) -> Result<()> {
        let number = self.operations.len();
        if !(1..=MOST).contains(&number) {
            return Err(Error::invalid("/operations", format!("must have 1 to {MOST} entries, not {number}")));
        }
        let mut fields = Vec::new();
        for (i, operation) in self.operations.iter().enumerate() {
            if let Err(Error::Invalid { fields: broken }) = operation.validate() {
                fields.extend(operation.below(i, broken));
            }
        }
        if fields.is_empty() { Ok(()) } else { Err(Error::Invalid { fields }) }
    }
}

impl BulkOperation {
    /// The card that it changes.
    pub(crate) fn card(&self) -> Option<&CardRef> {
        match self {
            Self::Create(_) => None,
            Self::Update(update) => Some(&update.card),
            Self::Move(to) => Some(&to.card),
            Self::AddLabels(labels) | Self::RemoveLabels(labels) => Some(&labels.card),
            Self::Delete(delete) => Some(&delete.card),
            Self::Restore(restore) => Some(&restore.card),
        }
    }

    /// Whether cards come or go by it, or stand elsewhere.
    pub(crate) fn moves(&self) -> bool {
        !matches!(self, Self::Update(_) | Self::AddLabels(_) | Self::RemoveLabels(_))
    }

    fn validate(&self) -> Result<()> {
        match self {
            Self::Create(create) => create.card.validate(),
            Self::Update(update) => update.patch.validate(),
            Self::Move(to) => to.place().validate(),
            Self::AddLabels(labels) | Self::RemoveLabels(labels) => {
                let mut check = Check::default();
                check.texts("/labels", &labels.labels, 64);
                if labels.labels.is_empty() {
                    check.fails("/labels", "must not be empty");
                }
                check.done()
            }
            Self::Delete(_) | Self::Restore(_) => Ok(()),
        }
    }

    /// The members of its input that are wrong, seen from the bulk.
    fn below(&self, index: usize, fields: Vec<InvalidField>) -> impl Iterator<Item = InvalidField> {
        let inner = match self {
            Self::Create(_) => "/card",
            Self::Update(_) => "/patch",
            _ => "",
        };
        let start = format!("/operations/{index}/{}", self.action());
        fields.into_iter().map(move |field| {
            // what names the card or column itself stands beside the members of a card
            let inner = if matches!(&*field.pointer, "/card" | "/column_id") { "" } else { inner };
            InvalidField { pointer: format!("{start}{inner}{}", field.pointer), ..field }
        })
    }

    /// A refusal that says which operation it is about.
    pub(crate) fn refused(&self, index: usize, error: Error) -> Error {
        match error {
            Error::Invalid { fields } => Error::Invalid { fields: self.below(index, fields).collect() },
            // nothing that the operation could help
            error @ (Error::Unavailable { .. } | Error::Internal { .. }) => error,
            error => Error::Operation { index, action: self.action(), source: Box::new(error) },
        }
    }
}
