//! Events: the audit log and the change feed in one.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{ActorKind, BoardId, EntityId, JsonObject, Timestamp, TokenId};

/// One change of one thing.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Its number in its stream, a board's or the tenant's own: 1, 2, 3, … without a gap, in the order in which the changes
    /// took effect.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// The board in whose history it is; null for what belongs to no board, such as a workspace.
    pub board_id: Option<BoardId>,
    /// What kind of thing changed, such as `card`.
    pub entity_type: String,
    /// Which one.
    pub entity_id: EntityId,
    /// What happened, such as `card.moved`.
    pub action: String,
    /// What kind of actor did it.
    pub actor_kind: ActorKind,
    /// Who did it.
    pub actor_id: String,
    /// In which run of its framework.
    pub run_id: Option<String>,
    /// The context it gave.
    pub agent_context: Option<JsonObject>,
    /// The request that carried it.
    pub request_id: Option<String>,
    /// The service token it was done with.
    pub token_id: Option<TokenId>,
    /// `before` and `after` of the members that changed; `after_card_id` is the card that it was placed behind, and
    /// `after_column_id` the column, null for the first place; `was_after_card_id` and `was_after_column_id` are those that
    /// it was behind before.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub payload: Box<RawValue>,
}

/// Which events of a board to list.
#[derive(Debug, Clone, Copy)]
pub struct ListEvents {
    /// Only events with a higher number; 0 for all.
    pub since: i64,
    /// The most to list: 1 to 1000.
    pub limit: u32,
}

impl Default for ListEvents {
    fn default() -> Self {
        Self { since: 0, limit: 200 }
    }
}
