//! What has changed on a board.

use axum::Json;
use axum::response::IntoResponse;
use kanban_core::{BoardRef, Event, ListEvents};
use serde::{Deserialize, Serialize};

use super::Answer;
use crate::extract::{Act, Id, Query};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    #[serde(default)]
    since: i64,
}

#[derive(Serialize)]
struct Changes {
    items: Vec<Event>,
    next_since: i64,
}

pub(super) async fn changes(
    Act(kanban): Act,
    Id(board): Id<BoardRef>,
    Query(Since { since }, page): Query<Since>,
) -> Answer {
    let items = kanban.list_events(board, ListEvents { since, limit: page.limit }).await?;
    let next_since = items.last().map_or(since, |event| event.seq);
    Ok(Json(Changes { items, next_since }).into_response())
}
