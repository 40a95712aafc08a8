//! Plain values: inputs, outputs and their rules. No I/O and no SQL in here.

/// An enum whose values have names on every surface and in the database.
macro_rules! named {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $variant_doc:literal])* $variant:ident = $text:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let values = &[$(($text, concat!($($variant_doc),*)),)*];
                crate::model::schema::named(concat!($($doc),*), values)
            }
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on every surface.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(s: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|value| value.as_str() == s).ok_or_else(|| {
                    let names: Vec<&str> = Self::ALL.iter().map(|value| value.as_str()).collect();
                    format!("expected one of {}, not {s:?}", names.join(", "))
                })
            }
        }
    };
}

mod action;
mod actor;
mod attachment;
mod audit;
mod blocker;
mod board;
mod bulk;
mod card;
mod card_list;
mod change;
pub(crate) mod check;
mod claim;
mod column;
mod comment;
mod cursor;
mod cut;
mod day;
mod dependency;
mod duration;
mod event;
mod excerpt;
mod forecast;
mod idempotency;
mod ids;
mod json;
mod media_type;
mod metrics;
mod number;
mod rate;
#[cfg(feature = "openapi")]
mod schema;
mod search;
mod storable;
mod summary;
mod task;
mod tenant;
mod timestamp;
mod token;
mod undo;
mod version;
mod waits;
mod web_address;
mod window;
mod words;
mod workspace;

pub use action::{Action, EntityType};
pub use actor::{Actor, ActorKind, ActorRef};
pub use attachment::{Attachment, NewAttachment};
pub use audit::{AuditFilter, EntityRef, ListAudit};
pub use blocker::{Blocker, BlockerFilter, Blockers, CardBrief, Chain, CriticalChain, Unblocks};
pub(crate) use blocker::{rest_hint, shown};
pub use board::{
    Board, BoardDetail, BoardPatch, BoardTemplate, Column, ColumnKind, ColumnPatch, NewBoard, NewColumn, NewWorkspace,
    Workspace,
};
pub use bulk::{
    Bulk, BulkAction, BulkCreate, BulkDelete, BulkItem, BulkLabels, BulkMove, BulkOperation, BulkOutcome, BulkRestore,
    BulkUpdate,
};
pub use card::{Card, CardPatch, Link, MoveCard, NewCard, Place, Priority};
pub use card_list::{CardField, CardFields, CardFilter, CardSort, ListCards, PartialCard};
pub(crate) use change::Fold;
pub use change::{Change, ChangeKind, Changes, ListChanges};
pub use claim::{Claim, ClaimNext, ClaimOptions, Claimed, NothingClaimed, NothingClaimedCode, Release};
pub(crate) use claim::{MAX_CLAIM_AGE_SECONDS, check_reason, ttl};
pub use column::ColumnPlace;
pub use comment::{Comment, NewComment};
pub(crate) use cursor::{CursorKey, Scope};
pub use cursor::{ListPage, Page};
pub use cut::CutToFit;
pub use day::Day;
pub use dependency::{Added, Dependency, DependencyType, DependencyView, NewDependency, Relation};
pub use duration::Seconds;
pub use event::{Event, ListEvents};
pub use excerpt::{Excerpt, ExcerptField, ExcerptPart};
pub use forecast::{
    CardsByDay, Forecast, ForecastOptions, ForecastWarning, History, LikelyCards, LikelyDay, UntilDone,
};
pub(crate) use forecast::{RUNS, draw, warnings};
pub use idempotency::IdempotencyKey;
pub use ids::{
    AttachmentId, BoardId, BoardRef, CardId, CardRef, ColumnId, CommentId, DependencyId, EntityId, TenantId, TokenId,
    WorkspaceId,
};
pub use json::JsonObject;
pub(crate) use metrics::bottleneck;
pub use metrics::{
    ActorFlow, AgingCard, BoardMetrics, Bottleneck, BottleneckSign, Collisions, ColumnFlow, FlowDay, FlowEfficiency,
    Removed, Spread, StraightToDone, WipMetrics,
};
use number::present_whole;
pub use number::{Whole, whole};
pub use rate::{Allowance, Limited, RateLimits};
pub(crate) use search::Clauses;
pub use search::{FoundCard, FoundComment, FoundIn, Search, SearchHit, SearchQuery};
pub use summary::{AgentSummary, FinishedDay, SummaryFilter};
pub(crate) use task::TaskFilter;
pub use task::{FullColumn, LeftOut, LeftOutCode, LeftOutReason, NextTasks, Tasks};
pub use tenant::{CreatedTenant, NewTenant, Tenant};
pub use timestamp::Timestamp;
pub use token::{CreatedToken, NewToken, Token, TokenScope};
pub(crate) use undo::MOST as MOST_UNDONE;
pub use undo::{Undo, UndoOutcome, UndoReason, UndoReasonCode, Undone, UndoneThing};
pub use version::{Epoch, Expected, Version};
pub(crate) use waits::Waits;
pub(crate) use window::{DEFAULT_DAYS, unknown_time_zone};
pub use window::{MetricsWindow, Window};
pub use workspace::WorkspacePatch;

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::StrDeserializer;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads a member of a patch that is present, so that `null` is a value and not the same as an absent member.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads a list, or the text of one with commas between: the query of a URL has no lists.
fn listed<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct Listed<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Listed<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            let items = text.split(',').filter(|_| !text.is_empty());
            items.map(|item| T::deserialize(StrDeserializer::new(item))).collect()
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(item) = items.next_element()? {
                all.push(item);
            }
            Ok(all)
        }
    }

    deserializer.deserialize_seq(Listed(PhantomData))
}
