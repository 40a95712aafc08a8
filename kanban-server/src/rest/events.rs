//! What has changed on a board.

use axum::Json;
use axum::response::IntoResponse;
use kanban_core::{BoardRef, Event, ListEvents};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use crate::extract::{Act, Id, Query};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Since {
    /// Only events with a higher number.
    #[param(minimum = 0)]
    since: i64,
    /// The most events to answer.
    #[param(minimum = 1, maximum = 1000)]
    limit: u32,
}

impl Default for Since {
    fn default() -> Self {
        let ListEvents { since, limit } = ListEvents::default();
        Self { since, limit }
    }
}

/// Events in the order in which they took effect.
#[derive(Serialize, ToSchema)]
struct Changes {
    /// The events.
    items: Vec<Event>,
    /// What `since` is to be next time.
    next_since: i64,
}

/// Lists what has changed on a board since an event.
///
/// The board's events are numbered 1, 2, 3, … without a gap.
#[utoipa::path(
    get,
    path = "/v1/boards/{id}/changes",
    operation_id = "list_events",
    tag = "events",
    params(Act, Id<BoardRef>, Query<Since>),
    responses((status = 200, description = "The events, oldest first.", body = Changes))
)]
pub(super) async fn changes(
    Act(kanban): Act,
    Id(board): Id<BoardRef>,
    Query(Since { since, limit }): Query<Since>,
) -> Answer {
    let items = kanban.list_events(board, ListEvents { since, limit }).await?;
    let next_since = items.last().map_or(since, |event| event.seq);
    Ok(Json(Changes { items, next_since }).into_response())
}
